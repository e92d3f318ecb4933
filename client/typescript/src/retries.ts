/**
 * How often and how soon a failed call is tried again, where that is safe.
 *
 * Before attempt n+1 it waits a random time between 0 and the smaller of `maxBackoffMs` and
 * `initialBackoffMs` * 2^(n-1). A pause that does not fit into the call's time is not made:
 * the last error is thrown at once.
 */
export interface RetryOptions {
  /**
   * The most attempts at one call, the first included. Default: as many as fit into the
   * call's time.
   */
  readonly maxAttempts?: number | undefined;
  /** The longest first pause, in milliseconds. Default: 50. */
  readonly initialBackoffMs?: number | undefined;
  /** The longest pause, in milliseconds. Default: 1,000. */
  readonly maxBackoffMs?: number | undefined;
}

/** Checked retry options, with their defaults. */
export class RetryPolicy {
  readonly maxAttempts: number;
  readonly #initialBackoffMs: number;
  readonly #maxBackoffMs: number;

  /**
   * Takes options, or false for no retries.
   *
   * @throws RangeError - They make no sense.
   */
  constructor(options: RetryOptions | false) {
    const chosen = options === false ? { maxAttempts: 1 } : options;
    const { maxAttempts = Infinity, initialBackoffMs = 50, maxBackoffMs = 1_000 } = chosen;
    if (!(maxAttempts >= 1)) {
      throw new RangeError("retries.maxAttempts must be at least 1; 1 switches retries off");
    }
    if (!(initialBackoffMs > 0 && initialBackoffMs <= maxBackoffMs && maxBackoffMs < Infinity)) {
      const bounds = "above 0 and at most retries.maxBackoffMs";
      throw new RangeError(`retries.initialBackoffMs must be ${bounds}, which must be finite`);
    }
    this.maxAttempts = maxAttempts;
    this.#initialBackoffMs = initialBackoffMs;
    this.#maxBackoffMs = maxBackoffMs;
  }

  /** Returns a random pause in milliseconds after so many attempts (from 1 up). */
  backoff(attempts: number): number {
    const longest = this.#initialBackoffMs * 2 ** (attempts - 1);
    return Math.random() * Math.min(this.#maxBackoffMs, longest);
  }
}
