package io.pannier;

import java.time.Duration;
import java.time.Instant;

/**
 * How to update: when the record expires from then on, and how long it may take.
 *
 * <p>With {@link #defaults()} the record keeps the expiry that it has. Immutable; {@link
 * #withTimeout} returns a copy.
 */
public final class UpdateOptions {
  private static final UpdateOptions DEFAULTS = new UpdateOptions(Expiry.UNSAID, null);

  private final Expiry expiry;
  private final Duration timeout;

  private UpdateOptions(Expiry expiry, Duration timeout) {
    this.expiry = expiry;
    this.timeout = timeout;
  }

  /**
   * Returns the options of an update that keeps the record's expiry.
   *
   * @return the options
   */
  public static UpdateOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns the options of an update after which the record lives for so long.
   *
   * @param ttl above 0, counted once from each call; parts of a second round up
   * @return the options
   * @throws IllegalArgumentException the time is not above 0
   */
  public static UpdateOptions ttl(Duration ttl) {
    return new UpdateOptions(Expiry.after(ttl), null);
  }

  /**
   * Returns the options of an update after which the record expires at a time.
   *
   * @param expireTime as for {@link WriteOptions#expireTime}
   * @return the options
   */
  public static UpdateOptions expireTime(Instant expireTime) {
    return new UpdateOptions(Expiry.at(expireTime), null);
  }

  /**
   * Returns the options of an update after which the record never expires.
   *
   * @return the options
   */
  public static UpdateOptions neverExpires() {
    return new UpdateOptions(Expiry.NEVER, null);
  }

  /**
   * Sets the time that all of it may take: reading, changing and writing, again after lost races.
   *
   * @param timeout above 0; default: the store's
   * @return a copy of these options
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public UpdateOptions withTimeout(Duration timeout) {
    return new UpdateOptions(expiry, Timeouts.checked(timeout));
  }

  Expiry expiry() {
    return expiry;
  }

  /** Null for the store's. */
  Duration timeout() {
    return timeout;
  }
}
