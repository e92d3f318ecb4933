package io.pannier;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Deadline;
import io.pannier.v1.GetRequest;
import io.pannier.v1.PutIfVersionRequest;
import io.pannier.v1.PutIfVersionResponse;
import io.pannier.v1.StorageBackendGrpc;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** One read-change-write, over as many lost races as it takes, until its time is over. */
final class Update {
  /**
   * A conflict is over as soon as someone else's write is, so pauses start small. They stay small,
   * because those who pause long lose to newcomers who do not, until their time is over.
   */
  private static final RetryPolicy CONFLICTS =
      new RetryPolicy(RetryPolicy.UNLIMITED, Duration.ofMillis(10), Duration.ofMillis(200));

  private final Connection connection;
  private final String key;
  private final UnaryOperator<byte[]> change;
  private final Expiry expiry;
  private final Deadline deadline;
  private int conflicts;

  /**
   * Starts before the first read.
   *
   * @param expiry resolved; unsaid keeps the record's own
   */
  Update(
      Connection connection,
      String key,
      UnaryOperator<byte[]> change,
      Expiry expiry,
      Deadline deadline) {
    this.connection = connection;
    this.key = key;
    this.change = change;
    this.expiry = expiry;
    this.deadline = deadline;
  }

  /** Returns the record as written, or as read where the change wants nothing written. */
  StoredRecord run() {
    GetRequest request = Messages.get(key, Consistency.STRONG);
    while (true) {
      StoredRecord record =
          Messages.record(
              connection
                  .call(StorageBackendGrpc.getGetMethod(), request, Safety.READ_OF_UPDATE, deadline)
                  .getRecord());
      byte[] changed = change.apply(record.data());
      if (changed == null) {
        return record;
      }
      ByteString data = ByteString.copyFrom(changed);
      try {
        return write(record, data);
      } catch (PannierException error) {
        long pause = afterConflict(error);
        if (pause == Attempts.NONE) {
          throw verdict(error, record, data);
        }
        Attempts attempts = connection.attempts(Safety.REPEATABLE_WRITE, deadline);
        connection.await(pause, error.code(), Context.current(), attempts);
      }
    }
  }

  private StoredRecord write(StoredRecord record, ByteString data) {
    // A record without expiry is written as never expiring, so that no setting of the sidecar's
    // can give it one.
    Expiry written = expiry.equals(Expiry.UNSAID) ? Expiry.kept(record.expireTime()) : expiry;
    PutIfVersionRequest request =
        Messages.putIfVersion(key, data, record.version(), record.etag(), written, null);
    PutIfVersionResponse answer =
        connection.call(
            StorageBackendGrpc.getPutIfVersionMethod(), request, Safety.REPEATABLE_WRITE, deadline);
    return new StoredRecord(
        key,
        data,
        answer.getVersion(),
        answer.getEtag(),
        answer.hasExpireTime() ? Expiry.instant(answer.getExpireTime()) : null);
  }

  /**
   * Returns the nanoseconds to pause before reading again, or {@link Attempts#NONE}. Only a
   * conflict that proves that nothing was written may be followed by another change: the change
   * must never be applied twice.
   */
  private long afterConflict(PannierException error) {
    boolean lostRace =
        error instanceof VersionConflictException
            && error.writeOutcome().orElse(null) == WriteOutcome.NOT_APPLIED;
    if (!lostRace) {
      return Attempts.NONE;
    }
    conflicts++;
    long pause = CONFLICTS.backoffNanos(conflicts);
    return pause < deadline.timeRemaining(NANOSECONDS) ? pause : Attempts.NONE;
  }

  /** Returns what the update throws for the error of its write. */
  private static PannierException verdict(
      PannierException error, StoredRecord record, ByteString data) {
    if (error.writeOutcome().orElse(null) != WriteOutcome.UNKNOWN) {
      return error;
    }
    return new OutcomeUnknownException(
        error.getMessage() + "; read the record again to find out",
        new ErrorFacts(error.code(), error.reason(), WriteOutcome.UNKNOWN, error),
        record,
        data.toByteArray());
  }
}
