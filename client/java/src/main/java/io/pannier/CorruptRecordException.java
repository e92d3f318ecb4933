package io.pannier;

/** The stored row cannot be read as a record; the message says what is wrong with it. */
public final class CorruptRecordException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public CorruptRecordException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
