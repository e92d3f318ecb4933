package io.pannier;

import static io.pannier.ScriptedSidecar.HANG;
import static io.pannier.ScriptedSidecar.fail;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
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
    RetryPolicy slow =
        new RetryPolicy(RetryPolicy.UNLIMITED, Duration.ofDays(1_000), Duration.ofDays(1_000));
    PannierStore store =
        Pannier.builder()
            .address(sidecar.address())
            .retries(slow)
            .timeout(Duration.ofDays(10_000))
            .connect();
    sidecar.will(fail(Status.UNAVAILABLE));
    Running<StoredRecord> get = Running.start(() -> store.get("o:a"));
    sidecar.requests.take();
    store.close();
    get.error(StoreClosedException.class);
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
      List<Running<Void>> callers = new ArrayList<>();
      CountDownLatch underWay = new CountDownLatch(4);
      for (int i = 0; i < 4; i++) {
        callers.add(Running.start(() -> call(store, underWay)));
      }
      underWay.await();
      store.close();
      for (Running<Void> caller : callers) {
        caller.error(StoreClosedException.class);
      }
    }
  }

  /** Makes one call after the other. */
  private static Void call(PannierStore store, CountDownLatch underWay) {
    while (true) {
      store.put("o:a", new byte[0]);
      underWay.countDown();
      store.list("o:").forEach(record -> {});
    }
  }
}
