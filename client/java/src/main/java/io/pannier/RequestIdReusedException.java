package io.pannier;

/** The request id was used for another write to this key: each write needs one of its own. */
public final class RequestIdReusedException extends InvalidArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public RequestIdReusedException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
