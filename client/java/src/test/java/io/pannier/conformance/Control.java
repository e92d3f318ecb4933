package io.pannier.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;

/** The line to the stage: one JSON object a line. Threads may share it. */
final class Control implements AutoCloseable {
  private final Socket socket;
  private final BufferedReader answers;

  /** Connects to {@code host:port}. */
  Control(String address) throws IOException {
    int colon = address.lastIndexOf(':');
    socket =
        new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
  }

  /**
   * Sends a command and returns its answer.
   *
   * @throws StageFailed it could not be carried out
   */
  synchronized JsonObject send(JsonObject command) {
    try {
      socket.getOutputStream().write((command + "\n").getBytes(UTF_8));
      String line = answers.readLine();
      if (line == null) {
        throw new StageFailed("the stage has gone");
      }
      JsonObject answer = JsonParser.parseString(line).getAsJsonObject();
      if (answer.has("error")) {
        throw new StageFailed(answer.get("error").getAsString());
      }
      return answer;
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
