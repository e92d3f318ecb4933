package io.pannier;

import static io.pannier.ScriptedSidecar.HANG;
import static io.pannier.ScriptedSidecar.fail;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of calls when their store is closed. */
class ClosingTest {
  private ScriptedSidecar sidecar;

  @BeforeEach
  void start() throws IOException {
    sidecar = ScriptedSidecar.start();
  }

  @AfterEach
  void stop() {
    sidecar.close();
  }

  @Test
  void callsThatRunEndAndTheirWritesMayHaveBeenApplied() throws InterruptedException {
    PannierStore store = Pannier.connect(sidecar.address());
    sidecar.will(HANG, HANG);
    Running<StoredRecord> get = Running.start(() -> store.get("o:a"));
    Running<Written> put = Running.start(() -> store.put("o:a", new byte[0]));
    sidecar.requests.take();
    sidecar.requests.take();
    store.close();
    StoreClosedException read = get.error(StoreClosedException.class);
    assertEquals(Optional.empty(), read.writeOutcome());
    StoreClosedException write = put.error(StoreClosedException.class);
    assertEquals(Optional.of(WriteOutcome.UNKNOWN), write.writeOutcome());
  }

  @Test
  void aListThatIsReadEnds() throws InterruptedException {
    PannierStore store = Pannier.connect(sidecar.address());
    sidecar.will(HANG);
    Iterator<StoredRecord> records = store.list("o:").iterator();
    Running<Boolean> reading = Running.start(records::hasNext);
    sidecar.requests.take();
    store.close();
    reading.error(StoreClosedException.class);
  }

  @Test
  void aPauseBetweenAttemptsEnds() throws InterruptedException {
    PannierStore store = sidecar.patientStore();
    sidecar.will(fail(Status.UNAVAILABLE));
    try (PauseLog pauses = PauseLog.open()) {
      Running<StoredRecord> get = Running.start(() -> store.get("o:a"));
      pauses.await();
      store.close();
      get.error(StoreClosedException.class);
    }
  }

  @Test
  void callsOnAClosedStoreAreNotSent() {
    PannierStore store = Pannier.connect(sidecar.address());
    store.close();
    store.close();
    assertThrows(StoreClosedException.class, () -> store.get("o:a"));
    StoreClosedException error =
        assertThrows(StoreClosedException.class, () -> store.put("o:a", new byte[0]));
    assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    assertThrows(StoreClosedException.class, () -> store.list("o:").iterator().hasNext());
  }

  @Test
  void callsThatRaceWithTheEndOfTheirStoreEndToo() throws InterruptedException {
    for (int round = 0; round < 100; round++) {
      PannierStore store = Pannier.connect(sidecar.address());
      List<Running<Void>> callers = callers(store, 4);
      store.close();
      assertClosed(callers);
    }
  }

  @Test
  void manyCallersWhoseCallsHangOrPauseOrSucceedAllEnd() throws InterruptedException {
    for (int round = 0; round < 10; round++) {
      PannierStore store = Pannier.connect(sidecar.address());
      List<Running<Void>> callers = callers(store, 64);
      letSomeHangOrFail();
      store.close();
      assertClosed(callers);
    }
  }

  @Test
  void theThreadsOfClosedStoresEnd() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      try (PannierStore store = Pannier.connect(sidecar.address())) {
        store.get("o:a");
        assertFalse(store.list("o:").iterator().hasNext());
      }
    }
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("pannier-io")) {
        thread.join();
      }
    }
  }

  private void letSomeHangOrFail() throws InterruptedException {
    CountDownLatch played = new CountDownLatch(1);
    for (int i = 0; i < 16; i++) {
      sidecar.will(HANG, fail(Status.UNAVAILABLE), fail(Status.UNAVAILABLE));
    }
    sidecar.will((caller, usual) -> played.countDown());
    played.await();
  }

  /** Starts so many callers; returns when all are at work. */
  private static List<Running<Void>> callers(PannierStore store, int number)
      throws InterruptedException {
    List<Running<Void>> callers = new ArrayList<>();
    CountDownLatch atWork = new CountDownLatch(number);
    for (int i = 0; i < number; i++) {
      callers.add(Running.start(() -> call(store, atWork)));
    }
    atWork.await();
    return callers;
  }

  private static void assertClosed(List<Running<Void>> callers) throws InterruptedException {
    for (Running<Void> caller : callers) {
      caller.error(StoreClosedException.class);
    }
  }

  /** Makes one call after the other. */
  private static Void call(PannierStore store, CountDownLatch atWork) {
    while (true) {
      store.put("o:a", new byte[0]);
      atWork.countDown();
      store.list("o:").forEach(record -> {});
      store.get("o:a");
      update(store);
      store.listPages("o:").forEach(page -> {});
    }
  }

  /** An update that the store's end left in doubt tells of both. */
  private static void update(PannierStore store) {
    try {
      store.update("o:a", data -> data);
    } catch (OutcomeUnknownException unknown) {
      throw assertInstanceOf(StoreClosedException.class, unknown.getCause());
    }
  }
}
