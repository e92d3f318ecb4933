package io.pannier;

/** The caller may not do this, or not to this owner's records. */
public final class PermissionDeniedException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public PermissionDeniedException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
