package io.pannier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sidecar that ends and comes back under many callers: what they are told is true. */
class KilledSidecarTest {
  private static final int CALLERS = 64;
  private static final int ROUNDS_BETWEEN = 150;

  @TempDir private Path folder;
  private final Semaphore rounds = new Semaphore(0);
  private volatile boolean over;

  /** What a caller does again and again. */
  private interface Round {
    /**
     * Makes some calls.
     *
     * @param owner whose records nobody else writes
     * @param number counted from 1
     */
    void run(PannierStore store, String owner, int number);
  }

  @Test
  void everyCallThatIsSafeToRepeatSucceedsOnce() throws Exception {
    interrupted(
        (store, owner, number) -> {
          String counter = owner + ":counter";
          StoredRecord record =
              number == 1
                  ? written(store, counter, "1")
                  : store.update(counter, KilledSidecarTest::raised);
          assertEquals(Integer.toString(number), record.dataAsText());
          assertEquals(record, store.get(counter));
          assertEquals(number, store.put(owner + ":put", bytes("x")).version());
          assertEquals(
              number, store.putIfVersion(owner + ":cas", bytes("x"), number - 1L).version());
          store.create(owner + ":created:" + number, bytes("x"));
          try (Stream<StoredRecord> all = store.list(owner + ":created:").stream()) {
            assertEquals(number, all.count());
          }
        });
  }

  @Test
  void aDeleteEitherSaysWhatItDidOrThatNobodyKnows() throws Exception {
    interrupted(
        (store, owner, number) -> {
          String key = owner + ":deleted";
          store.put(key, bytes("x"));
          try {
            assertTrue(store.delete(key), "another attempt had deleted it");
            assertThrows(NotFoundException.class, () -> store.get(key));
          } catch (UnavailableException error) {
            if (error.writeOutcome().orElseThrow() == WriteOutcome.NOT_APPLIED) {
              store.get(key);
            }
          }
        });
  }

  /**
   * Ends the sidecar three times, twice without warning, while everyone makes round after round.
   */
  private void interrupted(Round round) throws Exception {
    try (Sidecar sidecar = Sidecar.startOnDisk(folder);
        PannierStore store =
            Pannier.builder().address(sidecar.address()).timeout(Duration.ofMinutes(2)).connect()) {
      List<Running<Void>> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        String owner = "o" + i;
        callers.add(Running.start(() -> goRound(round, store, owner)));
      }
      try {
        endThrice(sidecar);
      } finally {
        over = true;
      }
      for (Running<Void> caller : callers) {
        caller.result();
      }
    }
  }

  private void endThrice(Sidecar sidecar) throws IOException, InterruptedException {
    rounds.acquire(ROUNDS_BETWEEN);
    sidecar.kill();
    rounds.acquire(ROUNDS_BETWEEN);
    sidecar.restart();
    rounds.acquire(ROUNDS_BETWEEN);
    sidecar.kill();
    rounds.acquire(ROUNDS_BETWEEN);
  }

  private Void goRound(Round round, PannierStore store, String owner) {
    try {
      for (int number = 1; !over; number++) {
        round.run(store, owner, number);
        rounds.release();
      }
    } finally {
      // Who failed must not let the others wait.
      rounds.release(4 * ROUNDS_BETWEEN);
    }
    return null;
  }

  private static StoredRecord written(PannierStore store, String key, String data) {
    store.put(key, bytes(data));
    return store.get(key);
  }

  private static byte[] raised(byte[] data) {
    return bytes(Integer.toString(Integer.parseInt(new String(data, UTF_8)) + 1));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
