package io.pannier;

import java.util.Objects;

/** The record has another version or etag than expected: read it again and decide anew. */
public final class VersionConflictException extends PannierException {
  private static final long serialVersionUID = 1L;

  private final long expectedVersion;
  private final long actualVersion;
  private final String actualEtag;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   * @param expectedVersion the version that the call expected; 0 where it gave an etag only
   * @param actualVersion the version that the store saw; 0 where that is not known
   * @param actualEtag the etag that the store saw; empty where that is not known
   */
  public VersionConflictException(
      String message,
      ErrorFacts facts,
      long expectedVersion,
      long actualVersion,
      String actualEtag) {
    super(message, facts);
    this.expectedVersion = expectedVersion;
    this.actualVersion = actualVersion;
    this.actualEtag = Objects.requireNonNull(actualEtag, "actualEtag");
  }

  /**
   * Returns the version that the call expected.
   *
   * @return the version; 0 where the call gave an etag only
   */
  public long expectedVersion() {
    return expectedVersion;
  }

  /**
   * Returns the version that the store saw in the check that failed.
   *
   * @return the version; 0 where the sidecar did not say
   */
  public long actualVersion() {
    return actualVersion;
  }

  /**
   * Returns the etag that the store saw in the check that failed.
   *
   * @return the etag; empty where the sidecar did not say
   */
  public String actualEtag() {
    return actualEtag;
  }
}
