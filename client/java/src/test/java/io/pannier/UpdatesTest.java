package io.pannier;

import static io.pannier.ScriptedSidecar.PASS;
import static io.pannier.ScriptedSidecar.fail;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What an update tells when one of its calls fails. */
class UpdatesTest extends OnScriptedSidecar {
  private final AtomicInteger changes = new AtomicInteger();

  @Test
  void oneThatFailsAtItsReadHasWrittenNothing() {
    sidecar.will(fail(Status.NOT_FOUND));
    NotFoundException error = assertThrows(NotFoundException.class, this::update);
    assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    assertEquals(0, changes.get());
  }

  @Test
  void oneThatFailsAtAReadAfterALostRaceHasWrittenNothingEither() {
    sidecar.will(PASS, fail(Status.ABORTED, notApplied()), fail(Status.PERMISSION_DENIED));
    PermissionDeniedException error = assertThrows(PermissionDeniedException.class, this::update);
    assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    assertEquals(1, changes.get());
  }

  @Test
  void aConflictThatProvesNothingEndsIt() {
    sidecar.will(PASS, fail(Status.ABORTED));
    OutcomeUnknownException error = assertThrows(OutcomeUnknownException.class, this::update);
    assertEquals(Optional.of(WriteOutcome.UNKNOWN), error.writeOutcome());
    assertEquals(1, changes.get());
  }

  private StoredRecord update() {
    return store.update(
        "o:a",
        data -> {
          changes.incrementAndGet();
          return data;
        });
  }

  private static Metadata notApplied() {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setReason("VERSION_CONFLICT")
            .setDomain("pannier")
            .putMetadata("write_outcome", "not_applied")
            .build();
    Metadata trailers = new Metadata();
    trailers.put(
        StatusDetails.TRAILER,
        com.google.rpc.Status.newBuilder().addDetails(Any.pack(info)).build().toByteArray());
    return trailers;
  }
}
