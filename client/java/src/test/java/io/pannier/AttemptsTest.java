package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Deadline;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Which failures are tried again, and what is known after several. */
class AttemptsTest {
  private static final Failure NOT_APPLIED = away(WriteOutcome.NOT_APPLIED);
  private static final Failure DOUBTFUL = away(null);

  private final RetryPolicy policy = RetryPolicy.defaults();

  @Test
  void whatIsAwayIsTriedAgainForAsLongAsThereIsTime() {
    Attempts attempts = attempts(policy, Safety.REPEATABLE_WRITE, 10_000);
    for (int i = 0; i < 10; i++) {
      assertTrue(attempts.afterFailure(DOUBTFUL) >= 0);
    }
    assertEquals(Attempts.NONE, attempts(policy, Safety.READ, -1).afterFailure(DOUBTFUL));
  }

  @Test
  void aPolicyLimitsTheAttempts() {
    Attempts attempts = attempts(policy.withMaxAttempts(2), Safety.READ, 10_000);
    assertTrue(attempts.afterFailure(DOUBTFUL) >= 0);
    assertEquals(Attempts.NONE, attempts.afterFailure(DOUBTFUL));
  }

  @Test
  void attemptsThatFoundNoConnectionDoNotCount() {
    Attempts attempts = attempts(RetryPolicy.none(), Safety.SINGLE_WRITE, 10_000);
    assertTrue(attempts.afterUnsentWrite(NOT_APPLIED) >= 0);
    assertTrue(attempts.afterUnsentWrite(NOT_APPLIED) >= 0);
    assertEquals(Attempts.NONE, attempts.afterFailure(NOT_APPLIED));
  }

  @Test
  void aSingleWriteIsRepeatedOnlyIfItWasNotApplied() {
    assertTrue(attempts(policy, Safety.SINGLE_WRITE, 10_000).afterFailure(NOT_APPLIED) >= 0);
    assertEquals(
        Attempts.NONE, attempts(policy, Safety.SINGLE_WRITE, 10_000).afterFailure(DOUBTFUL));
  }

  @Test
  void throttlingIsTriedAgainAfterItsDelayOnly() {
    Failure throttled = throttled(Duration.ofSeconds(2));
    long pause = attempts(policy, Safety.READ, 10_000).afterFailure(throttled);
    assertTrue(pause >= TimeUnit.SECONDS.toNanos(2) && pause < TimeUnit.SECONDS.toNanos(3));
    assertEquals(Attempts.NONE, attempts(policy, Safety.READ, 1_000).afterFailure(throttled));
    assertEquals(Attempts.NONE, attempts(policy, Safety.READ, 1_000).afterFailure(throttled(null)));
    Failure forever = throttled(Duration.ofSeconds(Long.MAX_VALUE));
    assertEquals(Attempts.NONE, attempts(policy, Safety.READ, 1_000).afterFailure(forever));
  }

  @Test
  void deadlinesAndRefusalsAreFinal() {
    for (ErrorKind kind : ErrorKind.values()) {
      Failure failure = Failure.local(kind, "", WriteOutcome.NOT_APPLIED, null);
      boolean again = attempts(policy, Safety.READ, 10_000).afterFailure(failure) >= 0;
      assertEquals(kind == ErrorKind.UNAVAILABLE, again, kind.name());
    }
  }

  @Test
  void aRefusalAfterADoubtProvesNothing() {
    Attempts attempts = attempts(policy, Safety.REPEATABLE_WRITE, 10_000);
    attempts.afterFailure(DOUBTFUL);
    assertEquals(Optional.of(WriteOutcome.UNKNOWN), attempts.exception(NOT_APPLIED).writeOutcome());
  }

  @Test
  void withoutADoubtNothingWasWritten() {
    Attempts attempts = attempts(policy, Safety.REPEATABLE_WRITE, 10_000);
    attempts.afterFailure(NOT_APPLIED);
    PannierException error = attempts.exception(NOT_APPLIED);
    assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    assertFalse(error.toString().contains("may have been applied"));
  }

  @Test
  void aReadHasNoOutcome() {
    Failure failure = away(WriteOutcome.UNKNOWN);
    PannierException error = attempts(policy, Safety.READ, 10_000).exception(failure);
    assertEquals(Optional.empty(), error.writeOutcome());
  }

  @Test
  void anUpdateThatFailsAtItsReadHasWrittenNothing() {
    Failure failure = away(WriteOutcome.UNKNOWN);
    Attempts attempts = attempts(policy, Safety.READ_OF_UPDATE, 10_000);
    assertTrue(attempts.afterFailure(failure) >= 0);
    assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), attempts.exception(failure).writeOutcome());
  }

  private static Attempts attempts(RetryPolicy policy, Safety safety, long millis) {
    return new Attempts(policy, safety, Deadline.after(millis, TimeUnit.MILLISECONDS));
  }

  private static Failure away(WriteOutcome outcome) {
    return Failure.local(ErrorKind.UNAVAILABLE, "away", outcome, null);
  }

  private static Failure throttled(Duration delay) {
    StatusDetails none = StatusDetails.NONE;
    StatusDetails details =
        new StatusDetails("THROTTLED", null, delay, none.conflict(), none.tooLarge());
    return new Failure(
        ErrorKind.THROTTLED, Status.Code.RESOURCE_EXHAUSTED, "slow down", details, null, null);
  }
}
