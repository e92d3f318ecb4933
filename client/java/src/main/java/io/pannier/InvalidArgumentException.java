package io.pannier;

/** The sidecar refuses an argument; {@link #reason()} tells which. */
public class InvalidArgumentException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public InvalidArgumentException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
