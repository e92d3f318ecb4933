package io.pannier;

/** No live record has the key: it was never written, was deleted, or has expired. */
public final class NotFoundException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public NotFoundException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
