package io.pannier;

import java.time.Duration;
import java.util.Objects;

/**
 * What a delete expects to find: {@code DeleteOptions.etag(record.etag())}.
 *
 * <p>Immutable; each {@code with…} method returns a copy.
 */
public final class DeleteOptions {
  private static final DeleteOptions DEFAULTS = new DeleteOptions(0, "", null);

  private final long expectedVersion;
  private final String etag;
  private final Duration timeout;

  private DeleteOptions(long expectedVersion, String etag, Duration timeout) {
    this.expectedVersion = expectedVersion;
    this.etag = etag;
    this.timeout = timeout;
  }

  /**
   * Returns the options of a delete of whatever is there.
   *
   * @return the options
   */
  public static DeleteOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns the options of a delete of one version only.
   *
   * @param expectedVersion the version that the record must have, from 1 up
   * @return the options
   * @throws IllegalArgumentException the version is below 1
   */
  public static DeleteOptions expectedVersion(long expectedVersion) {
    return DEFAULTS.withExpectedVersion(expectedVersion);
  }

  /**
   * Returns the options of a delete of what one write made only. Such a delete is safe to try
   * again, and can then return false although the first attempt deleted the record.
   *
   * @param etag the etag that the record must have; empty for not checked
   * @return the options
   */
  public static DeleteOptions etag(String etag) {
    return DEFAULTS.withEtag(etag);
  }

  /**
   * Sets the version that the record must have.
   *
   * @param expectedVersion from 1 up; default: any
   * @return a copy of these options
   * @throws IllegalArgumentException the version is below 1
   */
  public DeleteOptions withExpectedVersion(long expectedVersion) {
    if (expectedVersion < 1) {
      throw new IllegalArgumentException(
          "expectedVersion must be at least 1, not %d; leave it out to delete any version"
              .formatted(expectedVersion));
    }
    return new DeleteOptions(expectedVersion, etag, timeout);
  }

  /**
   * Sets the etag that the record must have.
   *
   * @param etag empty (the default) for not checked
   * @return a copy of these options
   */
  public DeleteOptions withEtag(String etag) {
    return new DeleteOptions(expectedVersion, Objects.requireNonNull(etag, "etag"), timeout);
  }

  /**
   * Sets the time that the call may take, its retries included.
   *
   * @param timeout above 0; default: the store's
   * @return a copy of these options
   * @throws IllegalArgumentException the timeout is not above 0
   */
  public DeleteOptions withTimeout(Duration timeout) {
    return new DeleteOptions(expectedVersion, etag, Timeouts.checked(timeout));
  }

  /** 0 for any. */
  long expectedVersion() {
    return expectedVersion;
  }

  String etag() {
    return etag;
  }

  /** Null for the store's. */
  Duration timeout() {
    return timeout;
  }
}
