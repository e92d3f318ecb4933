package io.pannier;

/** The store needs someone's attention; {@link #reason()} and message say what for. */
public final class StoreMisconfiguredException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public StoreMisconfiguredException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
