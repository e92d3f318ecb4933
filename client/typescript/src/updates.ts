import { OutcomeUnknownError, VersionConflictError } from "./errors.js";
import { PannierError, setWriteOutcome } from "./pannier_error.js";
import type { StoredRecord } from "./records.js";
import { RetryPolicy } from "./retries.js";

// A conflict is over as soon as someone else's write is, so pauses start small. They stay
// small, because those who pause long lose to newcomers who do not, until their time is over.
const CONFLICT_BACKOFF = new RetryPolicy({ initialBackoffMs: 10, maxBackoffMs: 200 });

/** One read-change-write over as many conflicts as it takes, until a deadline. */
export class Update {
  readonly #deadline: number;
  #conflicts = 0;

  /** Starts before the first read; `deadline` is on the caller's clock, in milliseconds. */
  constructor(deadline: number) {
    this.#deadline = deadline;
  }

  /**
   * Returns the pause in milliseconds before reading again, or undefined where it must end.
   *
   * Only a conflict that proves that nothing was written may be followed by another change:
   * the change must never be applied twice.
   */
  afterConflict(error: PannierError, now: number): number | undefined {
    const lostRace = error instanceof VersionConflictError;
    if (!lostRace || error.writeOutcome !== "not_applied") return undefined;
    this.#conflicts += 1;
    const pause = CONFLICT_BACKOFF.backoff(this.#conflicts);
    return now + pause >= this.#deadline ? undefined : pause;
  }
}

/** Throws the error of an update's read: that round has written nothing. */
export function rethrowAsNotApplied(error: unknown): never {
  if (error instanceof PannierError) setWriteOutcome(error, "not_applied");
  throw error;
}

/** Returns what an update throws for the error of its write. */
export function verdict(error: PannierError, record: StoredRecord, data: Uint8Array): PannierError {
  if (error.writeOutcome !== "unknown") return error;
  const { code, reason, writeOutcome } = error;
  return new OutcomeUnknownError(`${error.message}; read the record again to find out`, {
    record,
    data,
    code,
    reason,
    writeOutcome,
    cause: error,
  });
}
