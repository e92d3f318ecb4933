package io.pannier;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;

/** A real sidecar in a process of its own, whose records are in memory. */
final class Sidecar implements AutoCloseable {
  private final Process process;
  private final String address;

  private Sidecar(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /** Starts one at a socket in a folder; returns once it listens. */
  static Sidecar start(Path folder) throws IOException {
    String address = "unix:" + folder.resolve("s.sock");
    Process process =
        new ProcessBuilder(
                System.getProperty("pannier.command"),
                "serve",
                "--store=memory:",
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
    return new Sidecar(process, address);
  }

  String address() {
    return address;
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
}
