package io.pannier;

/** The store was closed, before the call or while it ran. */
public final class StoreClosedException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public StoreClosedException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
