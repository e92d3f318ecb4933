package io.pannier;

import java.time.Duration;
import java.util.Objects;

/**
 * How to read one record: {@code ReadOptions.defaults().withConsistency(Consistency.EVENTUAL)}.
 *
 * <p>Immutable; each {@code with…} method returns a copy.
 */
public final class ReadOptions {
  private static final ReadOptions DEFAULTS = new ReadOptions(Consistency.STRONG, null);

  private final Consistency consistency;
  private final Duration timeout;

  private ReadOptions(Consistency consistency, Duration timeout) {
    this.consistency = consistency;
    this.timeout = timeout;
  }

  /**
   * Returns the options of a strongly consistent read with the store's timeout.
   *
   * @return the options
   */
  public static ReadOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Sets how fresh the read must be.
   *
   * @param consistency strong (the default) or eventual
   * @return a copy of these options
   */
  public ReadOptions withConsistency(Consistency consistency) {
    return new ReadOptions(Objects.requireNonNull(consistency, "consistency"), timeout);
  }

  /**
   * Sets the time that the call may take, its retries included.
   *
   * @param timeout above 0; default: the store's
   * @return a copy of these options
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public ReadOptions withTimeout(Duration timeout) {
    return new ReadOptions(consistency, Timeouts.checked(timeout));
  }

  Consistency consistency() {
    return consistency;
  }

  /** Null for the store's. */
  Duration timeout() {
    return timeout;
  }
}
