package io.pannier;

/** The sidecar or its store cannot be reached, or the connection broke. */
public final class UnavailableException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public UnavailableException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
