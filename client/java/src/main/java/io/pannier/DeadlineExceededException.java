package io.pannier;

/** The call's time ran out. */
public final class DeadlineExceededException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public DeadlineExceededException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
