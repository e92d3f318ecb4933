package io.pannier.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** One scenario while it is carried out. */
final class Play implements AutoCloseable {
  private final Calls calls;
  private final Control control;
  private final Map<String, JsonElement> saved = new HashMap<>();
  private final Map<String, Future<Outcome>> running = new HashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  Play(Calls calls, Control control, JsonElement owner) {
    this.calls = calls;
    this.control = control;
    saved.put("owner", owner);
  }

  /**
   * What a step gave.
   *
   * @param kind {@code result} or {@code error}
   * @param value what it was
   */
  private record Outcome(String kind, JsonObject value) {}

  /** Carries a step out, and returns what is wrong with what it did, or null. */
  String problem(JsonObject step) {
    if (step.has("start")) {
      running.put(step.get("start").getAsString(), threads.submit(() -> call(step)));
      return null;
    }
    Outcome outcome = outcome(step);
    String wanted = step.has("error") ? "error" : "result";
    if (!outcome.kind().equals(wanted)) {
      return "it gave the %s %s".formatted(outcome.kind(), outcome.value());
    }
    JsonElement expected =
        step.has("error")
            ? step.get("error")
            : step.has("expect") ? step.get("expect") : new JsonObject();
    String problem =
        Matching.mismatch(Substitution.substitute(expected, saved), outcome.value(), wanted);
    if (problem == null && step.has("save")) {
      JsonObject save = step.getAsJsonObject("save");
      for (String name : save.keySet()) {
        String path = save.get(name).getAsString();
        saved.put(name, Substitution.atPath(outcome.value(), path));
      }
    }
    return problem;
  }

  /** Returns that calls were started and not awaited, or null. */
  String neverAwaited() {
    return running.isEmpty() ? null : "never awaited: " + String.join(", ", running.keySet());
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  private Outcome outcome(JsonObject step) {
    if (step.has("await")) {
      return awaited(running.remove(step.get("await").getAsString()));
    }
    if (step.has("control")) {
      JsonObject command = substituted(step.get("control"));
      return new Outcome("result", control.send(command));
    }
    return call(step);
  }

  private Outcome call(JsonObject step) {
    JsonObject args = step.has("args") ? substituted(step.get("args")) : new JsonObject();
    try {
      JsonObject result = calls.call(step.get("call").getAsString(), new Arguments(args));
      return new Outcome("result", result);
    } catch (StageFailed problem) {
      throw problem;
    } catch (RuntimeException error) {
      return new Outcome("error", Results.error(error));
    }
  }

  private JsonObject substituted(JsonElement value) {
    return Substitution.substitute(value, saved).getAsJsonObject();
  }

  private static Outcome awaited(Future<Outcome> call) {
    try {
      return call.get();
    } catch (ExecutionException | InterruptedException problem) {
      throw new StageFailed("the awaited call gave nothing: " + problem);
    }
  }
}
