package io.pannier;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.grpc.Deadline;
import java.time.Duration;

/**
 * The attempts at one call: how many failed, what they may have done, and whether and when there is
 * another. No I/O.
 */
final class Attempts {
  /** No other attempt. */
  static final long NONE = -1;

  private final RetryPolicy policy;
  private final Safety safety;
  private final Deadline deadline;
  private int failed;
  private int unsent;
  private boolean maybeApplied;

  Attempts(RetryPolicy policy, Safety safety, Deadline deadline) {
    this.policy = policy;
    this.safety = safety;
    this.deadline = deadline;
  }

  /**
   * Counts a failed attempt.
   *
   * @return the nanoseconds to pause before the next one, or {@link #NONE}
   */
  long afterFailure(Failure failure) {
    boolean repeatable = mayRepeat(failure);
    failed++;
    merge(failure);
    if (!repeatable || failed >= policy.maxAttempts()) {
      return NONE;
    }
    return pauseNanos(failure);
  }

  /**
   * Counts an attempt at a write that found no connection. That is no attempt as the policy means
   * it: a write waits for the connection, however often it may be tried.
   *
   * @return as {@link #afterFailure}
   */
  long afterUnsentWrite(Failure failure) {
    unsent++;
    merge(failure);
    return pauseNanos(failure);
  }

  /**
   * Returns the exception of a call that ends with this failure.
   *
   * <p>Once an attempt may have been applied, a later refusal does not prove that none was. One
   * that does not say leaves it unknown. A read has no outcome, unless it is an update's, which has
   * written nothing then.
   */
  PannierException exception(Failure last) {
    merge(last);
    if (!safety.isWrite()) {
      return last.exception(safety == Safety.READ ? null : WriteOutcome.NOT_APPLIED);
    }
    return last.exception(maybeApplied ? WriteOutcome.UNKNOWN : WriteOutcome.NOT_APPLIED);
  }

  private void merge(Failure failure) {
    maybeApplied |= failure.writeOutcome() != WriteOutcome.NOT_APPLIED;
  }

  private boolean mayRepeat(Failure failure) {
    return safety != Safety.SINGLE_WRITE || failure.writeOutcome() == WriteOutcome.NOT_APPLIED;
  }

  private long pauseNanos(Failure failure) {
    long pause =
        switch (failure.kind()) {
          case UNAVAILABLE -> backoffNanos();
          case THROTTLED, OVERLOADED -> afterDelay(failure.details().retryDelay());
          default -> NONE;
        };
    return pause < deadline.timeRemaining(NANOSECONDS) ? pause : NONE;
  }

  /** The jitter keeps those who were refused together from coming back together. */
  private long afterDelay(Duration retryDelay) {
    if (retryDelay == null) {
      return NONE;
    }
    long nanos = Timeouts.nanos(retryDelay);
    long pause = nanos + backoffNanos();
    return pause < 0 ? Long.MAX_VALUE : pause;
  }

  private long backoffNanos() {
    return policy.backoffNanos(failed + unsent);
  }
}
