package io.pannier;

import java.time.Duration;

/** The sidecar itself has more work than it can do in time. */
public final class OverloadedException extends ThrottledException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   * @param retryDelay after how long the sidecar wants to be asked again; null for not at all
   */
  public OverloadedException(String message, ErrorFacts facts, Duration retryDelay) {
    super(message, facts, retryDelay);
  }
}
