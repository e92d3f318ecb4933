package io.pannier;

/** A bug of the sidecar. */
public final class InternalErrorException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public InternalErrorException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
