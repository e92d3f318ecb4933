package io.pannier;

import static io.pannier.ScriptedSidecar.HANG;
import static io.pannier.ScriptedSidecar.page;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.pannier.ScriptedSidecar.Answer;
import io.pannier.v1.ListByPrefixRequest;
import io.pannier.v1.ListByPrefixResponse;
import io.pannier.v1.UnreadableRecord;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Lists: how they are read, left, broken and ended. */
class ListingTest extends OnScriptedSidecar {
  @Test
  void nothingIsAskedBeforeTheFirstRead() throws InterruptedException {
    Listing<StoredRecord> records = store.list("o:");
    assertTrue(sidecar.requests.isEmpty());
    assertFalse(records.iterator().hasNext());
    assertInstanceOf(ListByPrefixRequest.class, sidecar.requests.take());
  }

  @Test
  void leavingAListEarlyEndsItsStream() throws InterruptedException {
    sidecar.will(open(page("t", "o:a")));
    try (Listing<StoredRecord> records = store.list("o:")) {
      assertEquals("o:a", records.iterator().next().key());
    }
    assertInstanceOf(ListByPrefixRequest.class, sidecar.cancelled.take());
  }

  @Test
  void closingItsStreamOfJavaEndsAList() throws InterruptedException {
    sidecar.will(open(page("t", "o:a", "o:b")));
    try (Stream<StoredRecord> records = store.list("o:").stream()) {
      assertEquals(List.of("o:a"), records.limit(1).map(StoredRecord::key).toList());
    }
    sidecar.cancelled.take();
  }

  @Test
  void aListThatIsDroppedEndsItsStream() throws InterruptedException {
    sidecar.will(open(page("t", "o:a")));
    readOne();
    while (sidecar.cancelled.isEmpty()) {
      System.gc();
      Thread.onSpinWait();
    }
    sidecar.cancelled.take();
  }

  @Test
  void aListIsKeptAsLongAsItsIteratorIs() throws InterruptedException {
    BlockingQueue<StreamObserver<MessageLite>> callers = new LinkedBlockingQueue<>();
    sidecar.will((caller, usual) -> callers.add(caller));
    Iterator<StoredRecord> records = store.list("o:").iterator();
    Running<StoredRecord> first = Running.start(records::next);
    StreamObserver<MessageLite> caller = callers.take();
    caller.onNext(page("t", "o:a"));
    first.result();
    System.gc();
    caller.onNext(page("", "o:b"));
    caller.onCompleted();
    assertEquals("o:b", records.next().key());
  }

  @Test
  void interruptingItsReaderEndsAList() throws InterruptedException {
    sidecar.will(HANG);
    Running<Boolean> reading = Running.start(() -> store.list("o:").iterator().hasNext());
    sidecar.requests.take();
    reading.interrupt();
    reading.error(CallCancelledException.class);
    assertTrue(reading.interruptedAfter());
    sidecar.cancelled.take();
  }

  @Test
  void anotherThreadMayCloseAList() throws InterruptedException {
    sidecar.will(HANG);
    Listing<Page> pages = store.listPages("o:");
    Running<Boolean> reading = Running.start(() -> pages.iterator().hasNext());
    sidecar.requests.take();
    pages.close();
    reading.error(CallCancelledException.class);
  }

  @Test
  void closingAListEndsThePauseAfterABreak() throws InterruptedException {
    try (PannierStore patient = sidecar.patientStore();
        PauseLog pauses = PauseLog.open()) {
      sidecar.will(ScriptedSidecar.fail(Status.UNAVAILABLE));
      Listing<StoredRecord> records = patient.list("o:");
      Running<Boolean> reading = Running.start(() -> records.iterator().hasNext());
      pauses.await();
      records.close();
      reading.error(CallCancelledException.class);
    }
  }

  @Test
  void aListThatWasClosedBeforeItsEndCannotBeReadOn() {
    sidecar.will(open(page("t", "o:a")));
    Listing<StoredRecord> records = store.list("o:");
    records.iterator().next();
    records.close();
    records.close();
    assertThrows(IllegalStateException.class, () -> records.iterator().hasNext());
  }

  @Test
  void anEndedListStaysEnded() {
    Listing<StoredRecord> records = store.list("o:");
    assertSame(records.iterator(), records.iterator());
    assertFalse(records.iterator().hasNext());
    records.close();
    assertFalse(records.iterator().hasNext());
    assertThrows(NoSuchElementException.class, () -> records.iterator().next());
  }

  @Test
  void aFailedListCannotBeReadOn() {
    sidecar.will(ScriptedSidecar.fail(Status.INVALID_ARGUMENT));
    Iterator<StoredRecord> records = store.list("o:").iterator();
    assertThrows(InvalidArgumentException.class, records::hasNext);
    assertThrows(IllegalStateException.class, records::hasNext);
  }

  @Test
  void afterABreakOnlyTheRestIsAskedFor() throws InterruptedException {
    sidecar.will(
        (caller, usual) -> {
          caller.onNext(page("t1", "o:a", "o:b"));
          caller.onError(Status.UNAVAILABLE.asRuntimeException());
        },
        closed(page("t2", "o:c")),
        closed(page("", "o:d")));
    ListOptions options = ListOptions.defaults().withLimit(5).withPageSize(2);
    try (Stream<StoredRecord> records = store.list("o:", options).stream()) {
      List<String> keys = records.map(StoredRecord::key).toList();
      assertEquals(List.of("o:a", "o:b", "o:c", "o:d"), keys);
    }
    assertAsked("", 5);
    assertAsked("t1", 3);
    assertAsked("t2", 2);
  }

  @Test
  void unreadableRowsAreHeardOfAfterTheRecordsOfTheirPage() {
    ListByPrefixResponse first =
        page("t", "o:a").toBuilder()
            .addUnreadable(UnreadableRecord.newBuilder().setKey("o:x").setProblem("torn"))
            .build();
    sidecar.will(
        (caller, usual) -> {
          caller.onNext(first);
          caller.onNext(page("", "o:b"));
          caller.onCompleted();
        });
    List<String> heard = new ArrayList<>();
    ListOptions options = ListOptions.defaults().withOnUnreadable(row -> heard.add(row.key()));
    try (Listing<StoredRecord> records = store.list("o:", options)) {
      records.forEach(record -> heard.add(record.key()));
    }
    assertEquals(List.of("o:a", "o:x", "o:b"), heard);
  }

  @Test
  void unreadableRowsThatNobodyHearsOfAreNamedAtTheEnd() {
    ListByPrefixResponse only =
        page("").toBuilder()
            .addUnreadable(UnreadableRecord.newBuilder().setKey("o:x").setProblem("torn"))
            .build();
    sidecar.will(closed(only));
    UnreadableRecordsException error =
        assertThrows(UnreadableRecordsException.class, () -> store.list("o:").iterator().hasNext());
    assertEquals(List.of(new Unreadable("o:x", "torn")), error.unreadable());
    assertEquals(1, error.count());
  }

  private void readOne() {
    for (StoredRecord record : store.list("o:")) {
      assertEquals("o:a", record.key());
      break;
    }
  }

  private void assertAsked(String token, int limit) throws InterruptedException {
    ListByPrefixRequest request = (ListByPrefixRequest) sidecar.requests.take();
    assertEquals(token, request.getPageToken());
    assertEquals(limit, request.getLimit());
  }

  private static Answer open(ListByPrefixResponse page) {
    return (caller, usual) -> caller.onNext(page);
  }

  private static Answer closed(ListByPrefixResponse page) {
    return (caller, usual) -> {
      caller.onNext(page);
      caller.onCompleted();
    };
  }
}
