package io.pannier.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.pannier.DataTooLargeException;
import io.pannier.OutcomeUnknownException;
import io.pannier.Page;
import io.pannier.PannierException;
import io.pannier.StoredRecord;
import io.pannier.ThrottledException;
import io.pannier.Unreadable;
import io.pannier.UnreadableRecordsException;
import io.pannier.VersionConflictException;
import io.pannier.Written;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** What the client answers and throws, as JSON values. */
final class Results {
  private Results() {}

  static JsonObject record(StoredRecord record) {
    JsonObject json = new JsonObject();
    json.addProperty("key", record.key());
    json.add("data", data(record.data()));
    json.addProperty("version", record.version());
    json.addProperty("etag", record.etag());
    json.add("expire_time", time(record.expireTime()));
    return json;
  }

  static JsonObject written(Written written) {
    JsonObject json = new JsonObject();
    json.addProperty("version", written.version());
    json.addProperty("etag", written.etag());
    json.add("expire_time", time(written.expireTime()));
    return json;
  }

  static JsonObject unreadable(Unreadable row) {
    JsonObject json = new JsonObject();
    json.addProperty("key", row.key());
    json.addProperty("problem", row.problem());
    return json;
  }

  static JsonObject page(Page page) {
    JsonObject json = new JsonObject();
    json.add("records", list(page.records(), Results::record));
    json.addProperty("next_page_token", page.nextPageToken());
    json.add("unreadable", list(page.unreadable(), Results::unreadable));
    return json;
  }

  static <T> JsonArray list(List<T> elements, Function<T, JsonElement> each) {
    JsonArray json = new JsonArray();
    elements.forEach(element -> json.add(each.apply(element)));
    return json;
  }

  static JsonObject object(String name, String value) {
    JsonObject json = new JsonObject();
    json.addProperty(name, value);
    return json;
  }

  /** Writes whatever a call threw. */
  static JsonObject error(RuntimeException error) {
    if (error instanceof PannierException problem) {
      return pannierError(problem);
    }
    JsonObject json = object("message", error.getMessage());
    if (error instanceof ChangeFailed) {
      json.addProperty("kind", "ChangeFailed");
    } else {
      boolean refused = error instanceof IllegalArgumentException;
      json.addProperty("kind", refused ? "ArgumentError" : error.getClass().getName());
    }
    return json;
  }

  private static JsonObject pannierError(PannierException error) {
    String name = error.getClass().getSimpleName().replaceFirst("Exception$", "");
    JsonObject json = object("message", error.getMessage());
    json.addProperty("kind", name.equals("Pannier") ? "PannierError" : name);
    json.addProperty("code", error.code().name());
    json.addProperty("reason", error.reason());
    json.add(
        "write_outcome",
        orNull(error.writeOutcome().map(outcome -> outcome.name().toLowerCase(Locale.ROOT))));
    addFacts(json, error);
    return json;
  }

  private static void addFacts(JsonObject json, PannierException error) {
    if (error instanceof VersionConflictException conflict) {
      json.addProperty("expected_version", conflict.expectedVersion());
      json.addProperty("actual_version", conflict.actualVersion());
      json.addProperty("actual_etag", conflict.actualEtag());
    } else if (error instanceof DataTooLargeException large) {
      json.addProperty("actual_bytes", large.actualBytes());
      json.addProperty("limit_bytes", large.limitBytes());
    } else if (error instanceof ThrottledException throttled) {
      JsonElement seconds =
          throttled
              .retryDelay()
              .<JsonElement>map(delay -> new JsonPrimitive(delay.toNanos() / 1e9))
              .orElse(JsonNull.INSTANCE);
      json.add("retry_delay_seconds", seconds);
    } else if (error instanceof OutcomeUnknownException unknown) {
      json.add("record", record(unknown.record()));
      json.add("data", data(unknown.data()));
    } else if (error instanceof UnreadableRecordsException rows) {
      json.add("unreadable", list(rows.unreadable(), Results::unreadable));
      json.addProperty("count", rows.count());
    }
  }

  private static JsonElement data(byte[] data) {
    try {
      return new JsonPrimitive(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data)).toString());
    } catch (CharacterCodingException binary) {
      return object("base64", Base64.getEncoder().encodeToString(data));
    }
  }

  private static JsonElement time(Optional<Instant> time) {
    return orNull(time.map(Instant::toString));
  }

  private static JsonElement orNull(Optional<String> text) {
    return text.<JsonElement>map(JsonPrimitive::new).orElse(JsonNull.INSTANCE);
  }
}
