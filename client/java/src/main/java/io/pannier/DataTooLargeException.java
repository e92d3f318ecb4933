package io.pannier;

/** The data is larger than the sidecar takes. */
public final class DataTooLargeException extends InvalidArgumentException {
  private static final long serialVersionUID = 1L;

  private final long actualBytes;
  private final long limitBytes;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   * @param actualBytes the size of the data; 0 where that is not known
   * @param limitBytes the largest size that is accepted; 0 where that is not known
   */
  public DataTooLargeException(
      String message, ErrorFacts facts, long actualBytes, long limitBytes) {
    super(message, facts);
    this.actualBytes = actualBytes;
    this.limitBytes = limitBytes;
  }

  /**
   * Returns the size of the data.
   *
   * @return its bytes; 0 where the sidecar did not say
   */
  public long actualBytes() {
    return actualBytes;
  }

  /**
   * Returns the largest size that is accepted.
   *
   * @return its bytes; 0 where the sidecar did not say
   */
  public long limitBytes() {
    return limitBytes;
  }
}
