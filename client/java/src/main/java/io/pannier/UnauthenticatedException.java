package io.pannier;

/** The sidecar wants to know who calls, or does not believe it. */
public final class UnauthenticatedException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public UnauthenticatedException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
