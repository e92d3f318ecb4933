package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls that found no connection: what is known of them, and how they wait for one. */
class UnsentWritesTest {
  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final ReadOptions BRIEF =
      ReadOptions.defaults().withTimeout(Duration.ofMillis(100));

  @TempDir private Path folder;

  @Test
  void aWriteToNobodyIsNotAppliedAndTellsWhy() {
    String address = "unix:" + folder.resolve("s.sock");
    try (PannierStore store = Pannier.builder().address(address).timeout(SHORT).connect()) {
      UnavailableException error =
          assertThrows(UnavailableException.class, () -> store.put("o:a", new byte[0]));
      assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
      assertTrue(error.getMessage().contains(address), error.getMessage());
      assertTrue(error.getMessage().contains("No such file"), error.getMessage());
    }
  }

  @Test
  void anUpdateOfAnUnsentWriteIsNoUnknownOutcome() throws Exception {
    ScriptedSidecar sidecar = ScriptedSidecar.start();
    try (PannierStore store =
        Pannier.builder().address(sidecar.address()).timeout(SHORT.multipliedBy(2)).connect()) {
      PannierException error =
          assertThrows(
              PannierException.class,
              () ->
                  store.update(
                      "o:a",
                      data -> {
                        sidecar.close();
                        assertThrows(
                            PannierException.class, () -> getUntilNobodyIsThere(store, BRIEF));
                        return data;
                      }));
      assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    }
  }

  @Test
  void aWriteThatWaitedForAConnectionInVainIsNotApplied() throws IOException {
    try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        PannierStore store = Pannier.connect("127.0.0.1:" + mute.getLocalPort())) {
      WriteOptions options = WriteOptions.defaults().withTimeout(SHORT);
      DeadlineExceededException error =
          assertThrows(
              DeadlineExceededException.class, () -> store.put("o:a", new byte[0], options));
      assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    }
  }

  @Test
  void aWriteThatInTheEndWaitedInVainTellsWhyItHadToWait() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        PannierStore store = Pannier.connect("127.0.0.1:" + mute.getLocalPort())) {
      WriteOptions options = WriteOptions.defaults().withTimeout(SHORT.multipliedBy(3));
      Running<Written> put = Running.start(() -> store.put("o:a", new byte[0], options));
      mute.accept().close();
      UnavailableException error = put.error(UnavailableException.class);
      assertEquals(Optional.of(WriteOutcome.NOT_APPLIED), error.writeOutcome());
    }
  }

  @Test
  void aWriteWaitsForASidecarAlsoWithoutRetriesAndAReadDoesNot() throws Exception {
    ScriptedSidecar before = ScriptedSidecar.start();
    try (PannierStore store =
        Pannier.builder().address(before.address()).retries(RetryPolicy.none()).connect()) {
      store.get("o:a");
      before.close();
      assertThrows(
          UnavailableException.class, () -> getUntilNobodyIsThere(store, ReadOptions.defaults()));
      Running<Boolean> delete = Running.start(() -> store.delete("o:a"));
      try (ScriptedSidecar after = ScriptedSidecar.start(before.port())) {
        assertTrue(delete.result());
        assertEquals(1, after.requests.size());
      }
    }
  }

  @Test
  void aSidecarThatComesLaterIsFound() throws Exception {
    int port;
    try (ScriptedSidecar before = ScriptedSidecar.start()) {
      port = before.port();
    }
    try (PannierStore store = Pannier.connect("127.0.0.1:" + port)) {
      assertThrows(PannierException.class, () -> store.get("o:a", BRIEF));
      try (ScriptedSidecar after = ScriptedSidecar.start(port)) {
        assertEquals("1", store.get("o:a").dataAsText());
        assertEquals(1, after.requests.size());
      }
    }
  }

  @Test
  void aSidecarIsFoundSoonAlsoAfterManyAttemptsInVain() throws Exception {
    int port;
    Running<StoredRecord> get;
    try (ServerSocket refusing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = refusing.getLocalPort();
      get = Running.start(() -> get("127.0.0.1:" + refusing.getLocalPort()));
      for (int i = 0; i < 6; i++) {
        refusing.accept().close();
      }
    }
    // By its own rules gRPC would connect six times in some 15 seconds.
    try (ScriptedSidecar sidecar = ScriptedSidecar.start(port)) {
      assertEquals("1", get.result().dataAsText());
      assertEquals(1, sidecar.requests.size());
    }
  }

  @Test
  void aSidecarIsFoundSoonAlsoByReadsThatAreNotTriedAgain() throws Exception {
    int port;
    Running<StoredRecord> get;
    try (ServerSocket refusing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = refusing.getLocalPort();
      get = Running.start(() -> getAgainAndAgain(refusing));
      for (int i = 0; i < 6; i++) {
        refusing.accept().close();
      }
    }
    try (ScriptedSidecar sidecar = ScriptedSidecar.start(port)) {
      assertEquals("1", get.result().dataAsText());
      assertEquals(1, sidecar.requests.size());
    }
  }

  /** Reads without retries, but for as long as a call may take by default. */
  private static StoredRecord getAgainAndAgain(ServerSocket socket) throws IOException {
    Deadline deadline = Deadline.after(10, TimeUnit.SECONDS);
    StoreBuilder builder = Pannier.builder().address("127.0.0.1:" + socket.getLocalPort());
    // Who waits for another connection hears of the end by its socket.
    try (socket;
        PannierStore store = builder.retries(RetryPolicy.none()).connect()) {
      while (true) {
        try {
          return store.get("o:a");
        } catch (UnavailableException away) {
          if (deadline.isExpired()) {
            throw away;
          }
        }
      }
    }
  }

  private static StoredRecord get(String address) {
    try (PannierStore store = Pannier.connect(address)) {
      return store.get("o:a");
    }
  }

  private static void getUntilNobodyIsThere(PannierStore store, ReadOptions options) {
    while (true) {
      store.get("o:a", options);
    }
  }
}
