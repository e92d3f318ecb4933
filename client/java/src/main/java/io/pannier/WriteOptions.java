package io.pannier;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/**
 * How to write: when the record expires, and what names the write.
 *
 * <p>Start with what is said about expiry, so that only one thing can be: {@code
 * WriteOptions.ttl(Duration.ofHours(1)).withTimeout(Duration.ofSeconds(2))}. With {@link
 * #defaults()} the sidecar may take the time from JSON data, if its store is set up so; otherwise
 * the record never expires.
 *
 * <p>Immutable; each {@code with…} method returns a copy.
 */
public final class WriteOptions {
  private static final WriteOptions DEFAULTS = new WriteOptions(Expiry.UNSAID, null, null);

  private final Expiry expiry;
  private final UUID requestId;
  private final Duration timeout;

  private WriteOptions(Expiry expiry, UUID requestId, Duration timeout) {
    this.expiry = expiry;
    this.requestId = requestId;
    this.timeout = timeout;
  }

  /**
   * Returns the options that say nothing about expiry.
   *
   * @return the options
   */
  public static WriteOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns the options of a record that lives for so long.
   *
   * @param ttl above 0, counted once from each call; parts of a second round up
   * @return the options
   * @throws IllegalArgumentException the time is not above 0
   */
  public static WriteOptions ttl(Duration ttl) {
    return new WriteOptions(Expiry.after(ttl), null, null);
  }

  /**
   * Returns the options of a record that expires at a time.
   *
   * @param expireTime in the years 1 to 9999; parts of a second round up. A time that has passed is
   *     accepted: the record is absent at once
   * @return the options
   */
  public static WriteOptions expireTime(Instant expireTime) {
    return new WriteOptions(Expiry.at(expireTime), null, null);
  }

  /**
   * Returns the options of a record that never expires, whatever its data says.
   *
   * @return the options
   */
  public static WriteOptions neverExpires() {
    return new WriteOptions(Expiry.NEVER, null, null);
  }

  /**
   * Names the write for all attempts at it, also across processes.
   *
   * @param requestId a UUID, new for each write; not the nil UUID. Default: a random one for each
   *     call, kept over its retries
   * @return a copy of these options
   */
  public WriteOptions withRequestId(UUID requestId) {
    return new WriteOptions(expiry, Objects.requireNonNull(requestId, "requestId"), timeout);
  }

  /**
   * Sets the time that the call may take, its retries included.
   *
   * @param timeout above 0; default: the store's
   * @return a copy of these options
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public WriteOptions withTimeout(Duration timeout) {
    return new WriteOptions(expiry, requestId, Timeouts.checked(timeout));
  }

  Expiry expiry() {
    return expiry;
  }

  /** Null for a new one. */
  UUID requestId() {
    return requestId;
  }

  /** Null for the store's. */
  Duration timeout() {
    return timeout;
  }
}
