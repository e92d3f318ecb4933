package io.pannier;

import java.time.Duration;
import java.util.Optional;

/** The store asks for fewer requests. It was tried again where the sidecar asked for that. */
public class ThrottledException extends PannierException {
  private static final long serialVersionUID = 1L;

  private final Duration retryDelay;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   * @param retryDelay after how long the sidecar wants to be asked again; null for not at all
   */
  public ThrottledException(String message, ErrorFacts facts, Duration retryDelay) {
    super(message, facts);
    this.retryDelay = retryDelay;
  }

  /**
   * Returns after how long the sidecar wants to be asked again.
   *
   * @return the delay, 0 or more; empty where it wants no retry
   */
  public final Optional<Duration> retryDelay() {
    return Optional.ofNullable(retryDelay);
  }
}
