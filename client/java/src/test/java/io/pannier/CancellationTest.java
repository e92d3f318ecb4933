package io.pannier;

import static io.pannier.ScriptedSidecar.HANG;
import static io.pannier.ScriptedSidecar.PASS;
import static io.pannier.ScriptedSidecar.fail;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Status;
import io.pannier.v1.GetRequest;
import io.pannier.v1.PutIfVersionRequest;
import io.pannier.v1.PutRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Callers end their calls: by interrupting a thread, or by cancelling a context. */
class CancellationTest extends OnScriptedSidecar {
  private static final byte[] DATA = {1};

  @Test
  void anInterruptEndsACallAndTheSidecarHearsOfIt() throws InterruptedException {
    sidecar.will(HANG);
    Running<StoredRecord> get = Running.start(() -> store.get("o:a"));
    sidecar.requests.take();
    get.interrupt();
    CallCancelledException error = get.error(CallCancelledException.class);
    assertEquals(Status.Code.CANCELLED, error.code());
    assertEquals(Optional.empty(), error.writeOutcome());
    assertTrue(get.interruptedAfter());
    assertInstanceOf(GetRequest.class, sidecar.cancelled.take());
  }

  @Test
  void anInterruptedWriteThatWasSentMayHaveBeenApplied() throws InterruptedException {
    sidecar.will(HANG);
    Running<Written> put = Running.start(() -> store.put("o:a", DATA));
    sidecar.requests.take();
    put.interrupt();
    CallCancelledException error = put.error(CallCancelledException.class);
    assertEquals(Optional.of(WriteOutcome.UNKNOWN), error.writeOutcome());
    assertTrue(error.toString().contains("may have been applied"), error.toString());
  }

  @Test
  void anInterruptedThreadSendsNothing() throws InterruptedException {
    Running<Written> put =
        Running.start(
            () -> {
              Thread.currentThread().interrupt();
              return store.put("o:a", DATA);
            });
    CallCancelledException error = put.error(CallCancelledException.class);
    assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    assertTrue(put.interruptedAfter());
    store.get("o:a");
    assertInstanceOf(GetRequest.class, sidecar.requests.take());
  }

  @Test
  void anInterruptEndsThePauseBetweenAttempts() throws InterruptedException {
    try (PannierStore patient = sidecar.patientStore();
        PauseLog pauses = PauseLog.open()) {
      sidecar.will(fail(Status.UNAVAILABLE));
      Running<Written> put = Running.start(() -> patient.put("o:a", DATA));
      pauses.await();
      put.interrupt();
      CallCancelledException error = put.error(CallCancelledException.class);
      assertEquals(Optional.of(WriteOutcome.UNKNOWN), error.writeOutcome());
      assertTrue(put.interruptedAfter());
    }
  }

  @Test
  void aCancelledContextEndsThePauseBetweenAttempts() throws InterruptedException {
    Context.CancellableContext context = Context.current().withCancellation();
    try (PannierStore patient = sidecar.patientStore();
        PauseLog pauses = PauseLog.open()) {
      sidecar.will(fail(Status.UNAVAILABLE));
      Running<Written> put = Running.start(() -> context.call(() -> patient.put("o:a", DATA)));
      pauses.await();
      context.cancel(null);
      CallCancelledException error = put.error(CallCancelledException.class);
      assertEquals(Optional.of(WriteOutcome.UNKNOWN), error.writeOutcome());
      assertEquals(1, sidecar.requests.size());
    }
  }

  @Test
  void manyInterruptedCallsAllEndAndTheSidecarHearsOfEach() throws InterruptedException {
    List<Running<StoredRecord>> callers = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      sidecar.will(HANG);
      callers.add(Running.start(() -> store.get("o:a")));
    }
    for (int i = 0; i < callers.size(); i++) {
      sidecar.requests.take();
    }
    callers.forEach(Running::interrupt);
    for (Running<StoredRecord> caller : callers) {
      caller.error(CallCancelledException.class);
      sidecar.cancelled.take();
    }
    assertEquals("1", store.get("o:a").dataAsText());
  }

  @Test
  void anInterruptedUpdateTellsWhatItMayHaveWritten() throws InterruptedException {
    sidecar.will(PASS, HANG);
    Running<StoredRecord> update = Running.start(() -> store.update("o:a", data -> DATA));
    assertInstanceOf(GetRequest.class, sidecar.requests.take());
    assertInstanceOf(PutIfVersionRequest.class, sidecar.requests.take());
    update.interrupt();
    OutcomeUnknownException error = update.error(OutcomeUnknownException.class);
    assertInstanceOf(CallCancelledException.class, error.getCause());
    assertEquals("1", error.record().dataAsText());
    assertTrue(update.interruptedAfter());
  }

  @Test
  void aCancelledContextEndsACallWithoutAnotherAttempt() throws InterruptedException {
    sidecar.will(HANG);
    Context.CancellableContext context = Context.current().withCancellation();
    Running<Written> put = Running.start(() -> context.call(() -> store.put("o:a", DATA)));
    sidecar.requests.take();
    context.cancel(null);
    CallCancelledException error = put.error(CallCancelledException.class);
    assertEquals(Optional.of(WriteOutcome.UNKNOWN), error.writeOutcome());
    assertInstanceOf(PutRequest.class, sidecar.cancelled.take());
    assertTrue(sidecar.requests.isEmpty());
  }

  @Test
  void theDeadlineOfAContextHoldsForItsCalls() throws Exception {
    sidecar.will(HANG);
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    try (Context.CancellableContext context =
        Context.current().withDeadlineAfter(50, TimeUnit.MILLISECONDS, timer)) {
      context.run(() -> assertThrows(DeadlineExceededException.class, () -> store.get("o:a")));
    } finally {
      timer.shutdownNow();
    }
  }
}
