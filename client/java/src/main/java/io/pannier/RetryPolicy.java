package io.pannier;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often and how soon a failed call is tried again, where that is safe.
 *
 * <p>Before attempt n+1 it waits a random time between 0 and the smaller of {@code maxBackoff} and
 * {@code initialBackoff} · 2<sup>n-1</sup> (full jitter). A pause that does not fit into the call's
 * time is not made: the last error is thrown at once.
 *
 * <pre>{@code
 * RetryPolicy policy = RetryPolicy.defaults().withMaxAttempts(3);
 * System.out.println(policy.initialBackoff().toMillis() + " ms");
 * // prints: 50 ms
 * }</pre>
 *
 * @param maxAttempts the most attempts at one call, the first included; 1 switches retries off, and
 *     {@link #UNLIMITED} is as many as fit into the call's time
 * @param initialBackoff the longest first pause, above 0
 * @param maxBackoff the longest pause, at least {@code initialBackoff}
 */
public record RetryPolicy(int maxAttempts, Duration initialBackoff, Duration maxBackoff) {
  /** As many attempts as fit into the call's time. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  private static final RetryPolicy DEFAULTS =
      new RetryPolicy(UNLIMITED, Duration.ofMillis(50), Duration.ofSeconds(1));
  private static final RetryPolicy NONE = DEFAULTS.withMaxAttempts(1);

  /**
   * Keeps the settings.
   *
   * @param maxAttempts at least 1
   * @param initialBackoff above 0
   * @param maxBackoff at least {@code initialBackoff}
   * @throws IllegalArgumentException the settings make no sense
   */
  public RetryPolicy {
    Objects.requireNonNull(initialBackoff, "initialBackoff");
    Objects.requireNonNull(maxBackoff, "maxBackoff");
    if (maxAttempts < 1) {
      throw new IllegalArgumentException(
          "maxAttempts must be at least 1, not %d; 1 switches retries off".formatted(maxAttempts));
    }
    if (initialBackoff.isZero() || initialBackoff.isNegative()) {
      throw new IllegalArgumentException("initialBackoff must be above 0, not " + initialBackoff);
    }
    if (maxBackoff.compareTo(initialBackoff) < 0) {
      throw new IllegalArgumentException("maxBackoff must be at least initialBackoff");
    }
  }

  /**
   * Returns the policy that stores have unless they are told otherwise: it tries again until the
   * call's time is over, with pauses of up to 50 ms that double to up to 1 s.
   *
   * @return the policy
   */
  public static RetryPolicy defaults() {
    return DEFAULTS;
  }

  /**
   * Returns the policy of one attempt at each call.
   *
   * @return the policy
   */
  public static RetryPolicy none() {
    return NONE;
  }

  /**
   * Sets the most attempts at one call.
   *
   * @param maxAttempts from 1 up, the first included
   * @return a copy of this policy
   * @throws IllegalArgumentException the number is below 1
   */
  public RetryPolicy withMaxAttempts(int maxAttempts) {
    return new RetryPolicy(maxAttempts, initialBackoff, maxBackoff);
  }

  /** Returns a random pause in nanoseconds after so many attempts, from 1 up. */
  long backoffNanos(int attempts) {
    long longest = Timeouts.nanos(maxBackoff);
    long first = Timeouts.nanos(initialBackoff);
    // As a double it cannot overflow, however many attempts there were.
    double ceiling = Math.min((double) longest, first * Math.pow(2, attempts - 1));
    return (long) (ThreadLocalRandom.current().nextDouble() * ceiling);
  }
}
