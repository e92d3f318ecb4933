package io.pannier;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;

/** A real sidecar in a process of its own. */
final class Sidecar implements AutoCloseable {
  private final String store;
  private final String address;
  private Process process;

  private Sidecar(String store, String address) throws IOException {
    this.store = store;
    this.address = address;
    start();
  }

  /** Starts one at a socket in a folder, with its records in memory; returns once it listens. */
  static Sidecar start(Path folder) throws IOException {
    return new Sidecar("memory:", "unix:" + folder.resolve("s.sock"));
  }

  /** Starts one whose records outlive its process. */
  static Sidecar startOnDisk(Path folder) throws IOException {
    String store = "sqlite://" + folder.resolve("records.db");
    return new Sidecar(store, "unix:" + folder.resolve("s.sock"));
  }

  String address() {
    return address;
  }

  /** Ends it as the system does that has no memory left, and starts it again. */
  void kill() throws IOException, InterruptedException {
    process.destroyForcibly().waitFor();
    start();
  }

  /** Ends it as an update does, and starts it again. */
  void restart() throws IOException {
    close();
    start();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException interrupt) {
      throw new AssertionError(interrupt);
    }
  }

  private void start() throws IOException {
    process =
        new ProcessBuilder(
                System.getProperty("pannier.command"),
                "serve",
                "--store=" + store,
                "--listen=" + address)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output = process.inputReader(UTF_8);
    String line = output.readLine();
    while (line != null && !line.contains(address)) {
      line = output.readLine();
    }
    if (line == null) {
      throw new IOException("the sidecar did not start");
    }
  }
}
