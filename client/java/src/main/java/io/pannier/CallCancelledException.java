package io.pannier;

/**
 * The caller itself ended the call: its thread was interrupted, its {@link io.grpc.Context} was
 * cancelled, or it closed the list that it read.
 *
 * <p>After an interrupt the thread's interrupted status is set, as it was. Such a call is not tried
 * again. {@link #writeOutcome()} tells whether a write may have been applied all the same.
 */
public final class CallCancelledException extends PannierException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   */
  public CallCancelledException(String message, ErrorFacts facts) {
    super(message, facts);
  }
}
