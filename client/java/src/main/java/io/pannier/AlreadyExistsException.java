package io.pannier;

/** A live record has the key that was to be created. */
public final class AlreadyExistsException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public AlreadyExistsException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
