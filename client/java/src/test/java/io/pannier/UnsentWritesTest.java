package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls that found no connection: what is known of them, and how they wait for one. */
class UnsentWritesTest {
  private static final Duration SHORT = Duration.ofMillis(200);

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
        Pannier.builder().address(sidecar.address()).timeout(Duration.ofSeconds(2)).connect()) {
      PannierException error =
          assertThrows(
              UnavailableException.class,
              () ->
                  store.update(
                      "o:a",
                      data -> {
                        sidecar.close();
                        assertThrows(
                            UnavailableException.class,
                            () -> store.get("o:b", ReadOptions.defaults().withTimeout(SHORT)));
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
  void aWriteWaitsForASidecarAlsoWithoutRetriesAndAReadDoesNot() throws Exception {
    ScriptedSidecar before = ScriptedSidecar.start();
    try (PannierStore store =
        Pannier.builder().address(before.address()).retries(RetryPolicy.none()).connect()) {
      store.get("o:a");
      before.close();
      Running<Boolean> delete = Running.start(() -> store.delete("o:a"));
      assertThrows(UnavailableException.class, () -> getUntilNobodyIsThere(store));
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
      ReadOptions brief = ReadOptions.defaults().withTimeout(SHORT);
      assertThrows(UnavailableException.class, () -> store.get("o:a", brief));
      try (ScriptedSidecar after = ScriptedSidecar.start(port)) {
        assertEquals("1", store.get("o:a").dataAsText());
        assertEquals(1, after.requests.size());
      }
    }
  }

  private static void getUntilNobodyIsThere(PannierStore store) {
    while (true) {
      store.get("o:a");
    }
  }
}
