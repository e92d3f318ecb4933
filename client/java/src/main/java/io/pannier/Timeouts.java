package io.pannier;

import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Durations that callers give, and what becomes of them. */
final class Timeouts {
  private Timeouts() {}

  /**
   * Returns a timeout that can be used.
   *
   * @throws IllegalArgumentException it is not above 0
   */
  static Duration checked(Duration timeout) {
    Objects.requireNonNull(timeout, "timeout");
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be above 0, not " + timeout);
    }
    return timeout;
  }

  /** Returns when a call that starts now ends: with its timeout, or with what it is made for. */
  static Deadline deadline(long timeoutNanos) {
    Deadline deadline = Deadline.after(timeoutNanos, TimeUnit.NANOSECONDS);
    Deadline surrounding = Context.current().getDeadline();
    return surrounding == null ? deadline : deadline.minimum(surrounding);
  }

  /** Returns a duration in nanoseconds; some centuries where it is longer than that. */
  static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }
}
