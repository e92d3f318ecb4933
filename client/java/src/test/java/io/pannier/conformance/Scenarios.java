package io.pannier.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.pannier.Pannier;
import io.pannier.PannierStore;
import io.pannier.RetryPolicy;
import io.pannier.StoreBuilder;
import io.pannier.Tls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Carries scenarios out, and tells what went wrong. */
final class Scenarios {
  private final Control control;
  private final String only;
  private int passed;
  private int failed;

  /** Takes the stage, and a text that the names of the scenarios to run hold. */
  Scenarios(Control control, String only) {
    this.control = control;
    this.only = only;
  }

  /** Runs the scenarios of files; returns how many failed. */
  int run(List<Path> files) throws IOException {
    for (Path file : files) {
      JsonObject topic = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      for (JsonElement each : topic.getAsJsonArray("scenarios")) {
        JsonObject scenario = each.getAsJsonObject();
        String name = scenario.get("name").getAsString();
        if (name.contains(only)) {
          count(topic.get("topic").getAsString(), name, problem(scenario));
        }
      }
    }
    System.out.printf("%d passed, %d failed%n", passed, failed);
    return failed;
  }

  private void count(String topic, String name, String problem) {
    if (problem == null) {
      passed++;
    } else {
      failed++;
      System.out.printf("FAILED %s: %s%n  %s%n", topic, name, problem);
    }
  }

  /** Returns what is wrong with a scenario, or null. */
  private String problem(JsonObject scenario) {
    try {
      JsonObject begin = Results.object("do", "begin");
      begin.add("scenario", scenario.get("name"));
      begin.add("stage", scenario.has("stage") ? scenario.get("stage") : new JsonObject());
      JsonObject began = control.send(begin);
      try {
        return play(scenario, began);
      } finally {
        control.send(Results.object("do", "end"));
      }
    } catch (StageFailed problem) {
      return problem.getMessage();
    }
  }

  private String play(JsonObject scenario, JsonObject began) {
    JsonObject connect =
        scenario.has("connect") ? scenario.getAsJsonObject("connect") : new JsonObject();
    try (PannierStore store = open(connect, began);
        Play play = new Play(new Calls(store, control), control, began.get("owner"))) {
      int number = 0;
      for (JsonElement step : scenario.getAsJsonArray("steps")) {
        number++;
        String problem = play.problem(step.getAsJsonObject());
        if (problem != null) {
          return "step %d %s: %s".formatted(number, step, problem);
        }
      }
      return play.neverAwaited();
    }
  }

  private static PannierStore open(JsonObject connect, JsonObject began) {
    StoreBuilder builder = Pannier.builder().address(began.get("address").getAsString());
    if (connect.has("timeout_seconds")) {
      builder.timeout(Arguments.duration(connect.get("timeout_seconds")));
    }
    if (connect.has("max_attempts")) {
      int most = connect.get("max_attempts").getAsInt();
      builder.retries(RetryPolicy.defaults().withMaxAttempts(most));
    }
    if (connect.has("token")) {
      builder.token(connect.get("token").getAsString());
    }
    if (!began.get("ca_file").isJsonNull()) {
      builder.tls(Tls.trusting(Path.of(began.get("ca_file").getAsString())));
    }
    return builder.connect();
  }
}
