package io.pannier;

import java.time.Duration;

/**
 * How far a clean-up goes: {@code CleanupOptions.defaults().withLimit(100)}.
 *
 * <p>Immutable; each {@code with…} method returns a copy.
 */
public final class CleanupOptions {
  private static final CleanupOptions DEFAULTS = new CleanupOptions(0, null);

  private final int limit;
  private final Duration timeout;

  private CleanupOptions(int limit, Duration timeout) {
    this.limit = limit;
    this.timeout = timeout;
  }

  /**
   * Returns the options of a clean-up of up to 1,000 records.
   *
   * @return the options
   */
  public static CleanupOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Sets the most records that the call removes.
   *
   * @param limit from 0 up; 0 (the default) for 1,000, and more than 10,000 is lowered to that
   * @return a copy of these options
   * @throws IllegalArgumentException the limit is below 0
   */
  public CleanupOptions withLimit(int limit) {
    if (limit < 0) {
      throw new IllegalArgumentException("limit must be 0 or more, not " + limit);
    }
    return new CleanupOptions(limit, timeout);
  }

  /**
   * Sets the time that the call may take, its retries included.
   *
   * @param timeout above 0; default: the store's
   * @return a copy of these options
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public CleanupOptions withTimeout(Duration timeout) {
    return new CleanupOptions(limit, Timeouts.checked(timeout));
  }

  int limit() {
    return limit;
  }

  /** Null for the store's. */
  Duration timeout() {
    return timeout;
  }
}
