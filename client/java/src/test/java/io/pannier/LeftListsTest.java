package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.pannier.ScriptedSidecar.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Many lists that nobody reads to their end: the sidecar is left with none of them. */
class LeftListsTest extends OnScriptedSidecar {
  private static final int LISTS = 250;

  /** A page, and then nothing. */
  private static final Answer ENDLESS =
      (caller, usual) -> caller.onNext(ScriptedSidecar.page("t", "o:a", "o:b"));

  @Test
  void closedAfterARecord() throws InterruptedException {
    leave(
        records -> {
          records.iterator().next();
          records.close();
        });
  }

  @Test
  void leftByALimitOfAStream() throws InterruptedException {
    leave(
        records -> {
          try (Stream<StoredRecord> stream = records.stream()) {
            assertEquals(1, stream.limit(1).toList().size());
          }
        });
  }

  @Test
  void leftByWhatTheirReaderThrew() throws InterruptedException {
    leave(
        records ->
            assertThrows(
                ArithmeticException.class,
                () -> {
                  try (records) {
                    records.forEach(
                        record -> {
                          throw new ArithmeticException(record.key());
                        });
                  }
                }));
  }

  @Test
  void closedByAnotherThreadWhileTheyAreRead() throws InterruptedException {
    leave(
        records -> {
          CountDownLatch begun = new CountDownLatch(1);
          Running<Void> reading = Running.start(() -> readAll(records, begun));
          try {
            begun.await();
            records.close();
            assertTrue(endedEarly(reading.error(RuntimeException.class)));
          } catch (InterruptedException interrupt) {
            throw new AssertionError(interrupt);
          }
        });
  }

  /** Opens lists one after the other, and waits until the sidecar knows that each was left. */
  private void leave(Consumer<Listing<StoredRecord>> reader) throws InterruptedException {
    for (int i = 0; i < LISTS; i++) {
      sidecar.will(ENDLESS);
      reader.accept(store.list("o:"));
    }
    for (int i = 0; i < LISTS; i++) {
      sidecar.cancelled.take();
    }
    assertEquals(LISTS, sidecar.requests.size());
  }

  private static Void readAll(Listing<StoredRecord> records, CountDownLatch begun) {
    List<String> keys = new ArrayList<>();
    for (StoredRecord record : records) {
      keys.add(record.key());
      begun.countDown();
    }
    throw new AssertionError("the list ended after " + keys);
  }

  /** Either it waited for the sidecar when the list was closed, or it was about to. */
  private static boolean endedEarly(RuntimeException error) {
    return error instanceof CallCancelledException || error instanceof IllegalStateException;
  }
}
