package io.pannier;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;

/** The unreadable rows that a list met, to be named at its end. */
final class UnreadableRows {
  /** Memory stays bounded however many there are. */
  private static final int MOST_KEPT = 1_000;

  private final List<Unreadable> kept = new ArrayList<>();
  private long count;

  void add(Unreadable row) {
    count++;
    if (count <= MOST_KEPT) {
      kept.add(row);
    }
  }

  void throwIfAny() {
    if (count > 0) {
      throw new UnreadableRecordsException(
          "%,d stored rows of the list cannot be read as records; unreadable() names them: repair or delete them"
              .formatted(count),
          new ErrorFacts(Status.Code.DATA_LOSS, "RECORD_CORRUPT", null, null),
          kept,
          count);
    }
  }
}
