import { ThrottledError, UnavailableError } from "./errors.js";
import { setWriteOutcome, type PannierError, type WriteOutcome } from "./pannier_error.js";
import type { RetryPolicy } from "./retries.js";

/**
 * What a second attempt at a call could do.
 *
 * - `read`: it changes nothing that anyone sees.
 * - `repeatable write`: the sidecar recognises it, or it does no harm: a request id or an etag
 *   is there.
 * - `single write`: it could undo what someone else wrote since. It is made only if the first
 *   was not applied.
 */
export type Safety = "read" | "repeatable write" | "single write";

/** The attempts at one call: how many there were and what they may have done. */
export class Attempts {
  readonly #policy: RetryPolicy;
  readonly #safety: Safety;
  readonly #deadline: number;
  #failed = 0;
  #maybeApplied = false;

  /** Starts before the first attempt; `deadline` is on the caller's clock, in milliseconds. */
  constructor(policy: RetryPolicy, safety: Safety, deadline: number) {
    this.#policy = policy;
    this.#safety = safety;
    this.#deadline = deadline;
  }

  /**
   * Returns the pause in milliseconds before the next attempt, or undefined for no more.
   *
   * The error's `writeOutcome` becomes that of all attempts so far, as `merge` says.
   */
  afterFailure(error: PannierError, now: number): number | undefined {
    this.#failed += 1;
    const isRepeatable = this.#mayRepeat(error.writeOutcome);
    this.merge(error);
    if (!isRepeatable || this.#failed >= this.#policy.maxAttempts) return undefined;
    const pause = this.#pause(error);
    return pause === undefined || now + pause >= this.#deadline ? undefined : pause;
  }

  /**
   * Returns the error with the `writeOutcome` of all attempts so far.
   *
   * Once one of them may have been applied, a later refusal does not prove that none was. An
   * error that does not say leaves it unknown. A read has no outcome.
   */
  merge(error: PannierError): PannierError {
    if (this.#safety === "read") {
      setWriteOutcome(error, undefined);
      return error;
    }
    this.#maybeApplied ||= error.writeOutcome !== "not_applied";
    setWriteOutcome(error, this.#maybeApplied ? "unknown" : "not_applied");
    return error;
  }

  #mayRepeat(outcome: WriteOutcome | undefined): boolean {
    return this.#safety !== "single write" || outcome === "not_applied";
  }

  /** Returns how long to wait after an error that may pass, or undefined for any other. */
  #pause(error: PannierError): number | undefined {
    const backoff = this.#policy.backoff(this.#failed);
    if (error instanceof UnavailableError) return backoff;
    if (error instanceof ThrottledError && error.retryDelayMs !== undefined) {
      // The jitter keeps those who were refused together from coming back together.
      return error.retryDelayMs + backoff;
    }
    return undefined;
  }
}
