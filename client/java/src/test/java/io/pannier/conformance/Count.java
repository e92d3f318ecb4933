package io.pannier.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.pannier.DeadlineExceededException;
import io.pannier.OutcomeUnknownException;
import io.pannier.Pannier;
import io.pannier.PannierException;
import io.pannier.PannierStore;
import io.pannier.UnavailableException;
import io.pannier.WriteOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** Many increments of few counters by several writers. */
final class Count {
  private static final List<String> COUNTED =
      List.of("succeeded", "unknown", "settled_applied", "settled_not_applied");

  private final Supplier<PannierStore> stores;
  private final String owner;
  private final int writers;
  private final ConcurrentSkipListMap<String, Integer> counts = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListMap<String, Integer> failed = new ConcurrentSkipListMap<>();

  Count(Supplier<PannierStore> stores, String owner, int writers) {
    this.stores = stores;
    this.owner = owner;
    this.writers = writers;
  }

  /** Increments counters, and returns what became of it. */
  JsonObject run(int keys, int increments) throws Exception {
    create(keys);
    int everyone = keys * writers;
    ExecutorService threads = Executors.newFixedThreadPool(everyone);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < everyone; i++) {
      int number = i;
      int share = increments / everyone + (i < increments % everyone ? 1 : 0);
      running.add(threads.submit(() -> write(key(number / writers), number % writers, share)));
    }
    for (Future<?> each : running) {
      each.get();
    }
    threads.shutdown();
    return tally();
  }

  private void create(int keys) {
    byte[] zeros = "0 ".repeat(writers).trim().getBytes(UTF_8);
    try (PannierStore store = stores.get()) {
      for (int number = 0; number < keys; number++) {
        store.put(key(number), zeros);
      }
    }
  }

  private String key(int number) {
    return Pannier.key(owner, "counter:" + number);
  }

  private void write(String key, int place, int share) {
    try (PannierStore store = stores.get()) {
      int done = 0;
      while (done < share) {
        if (increment(store, key, place, done + 1)) {
          done++;
        }
      }
    }
  }

  /** Makes one increment; returns whether it was made. */
  private boolean increment(PannierStore store, String key, int place, int wanted) {
    try {
      store.update(key, data -> raised(data, place));
    } catch (OutcomeUnknownException unknown) {
      add("unknown");
      boolean applied = number(store, key, place) >= wanted;
      add(applied ? "settled_applied" : "settled_not_applied");
      return applied;
    } catch (PannierException error) {
      if (error.writeOutcome().orElse(null) == WriteOutcome.UNKNOWN) {
        throw error;
      }
      String kind = error.getClass().getSimpleName().replaceFirst("Exception$", "");
      failed.merge(kind, 1, Integer::sum);
      return false;
    }
    add("succeeded");
    return true;
  }

  private void add(String what) {
    counts.merge(what, 1, Integer::sum);
  }

  private static byte[] raised(byte[] data, int place) {
    String[] numbers = new String(data, UTF_8).split(" ", -1);
    numbers[place] = Integer.toString(Integer.parseInt(numbers[place]) + 1);
    return String.join(" ", numbers).getBytes(UTF_8);
  }

  private static int number(PannierStore store, String key, int place) {
    while (true) {
      try {
        return Integer.parseInt(store.get(key).dataAsText().split(" ", -1)[place]);
      } catch (UnavailableException | DeadlineExceededException away) {
        // It is asked again.
      }
    }
  }

  private JsonObject tally() {
    JsonObject json = new JsonObject();
    COUNTED.forEach(what -> json.addProperty(what, counts.getOrDefault(what, 0)));
    JsonObject kinds = new JsonObject();
    failed.forEach(kinds::addProperty);
    json.add("failed", kinds);
    return json;
  }
}
