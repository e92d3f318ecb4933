package io.pannier.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.pannier.CleanupOptions;
import io.pannier.Consistency;
import io.pannier.DeleteOptions;
import io.pannier.ListOptions;
import io.pannier.Order;
import io.pannier.ReadOptions;
import io.pannier.UpdateOptions;
import io.pannier.WriteOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import java.util.UUID;

/** A call's arguments in a scenario, as the client takes them. */
final class Arguments {
  private final JsonObject json;

  Arguments(JsonObject json) {
    this.json = json;
  }

  boolean has(String name) {
    return json.has(name);
  }

  String text(String name) {
    return json.get(name).getAsString();
  }

  String text(String name, String otherwise) {
    return has(name) ? text(name) : otherwise;
  }

  JsonObject object(String name) {
    return json.getAsJsonObject(name);
  }

  int number(String name, int otherwise) {
    return has(name) ? json.get(name).getAsInt() : otherwise;
  }

  long expectedVersion() {
    return Long.parseLong(text("expected_version"));
  }

  byte[] data() {
    JsonElement data = json.get("data");
    if (data.isJsonPrimitive()) {
      return data.getAsString().getBytes(UTF_8);
    }
    JsonObject written = data.getAsJsonObject();
    if (written.has("base64")) {
      return Base64.getDecoder().decode(written.get("base64").getAsString());
    }
    return written
        .get("repeat")
        .getAsString()
        .repeat(written.get("times").getAsInt())
        .getBytes(UTF_8);
  }

  ReadOptions readOptions() {
    ReadOptions options = ReadOptions.defaults();
    if (has("consistency")) {
      options = options.withConsistency(consistency());
    }
    return has("timeout_seconds") ? options.withTimeout(seconds("timeout_seconds")) : options;
  }

  WriteOptions writeOptions() {
    WriteOptions options = WriteOptions.defaults();
    if (has("ttl_seconds")) {
      options = WriteOptions.ttl(seconds("ttl_seconds"));
    } else if (has("expire_time")) {
      options = WriteOptions.expireTime(Instant.parse(text("expire_time")));
    } else if (has("never_expires")) {
      options = WriteOptions.neverExpires();
    }
    if (has("request_id")) {
      options = options.withRequestId(UUID.fromString(text("request_id")));
    }
    return has("timeout_seconds") ? options.withTimeout(seconds("timeout_seconds")) : options;
  }

  UpdateOptions updateOptions() {
    UpdateOptions options = UpdateOptions.defaults();
    if (has("ttl_seconds")) {
      options = UpdateOptions.ttl(seconds("ttl_seconds"));
    } else if (has("expire_time")) {
      options = UpdateOptions.expireTime(Instant.parse(text("expire_time")));
    } else if (has("never_expires")) {
      options = UpdateOptions.neverExpires();
    }
    return has("timeout_seconds") ? options.withTimeout(seconds("timeout_seconds")) : options;
  }

  DeleteOptions deleteOptions() {
    DeleteOptions options = DeleteOptions.etag(text("etag", ""));
    if (has("expected_version")) {
      options = options.withExpectedVersion(expectedVersion());
    }
    return has("timeout_seconds") ? options.withTimeout(seconds("timeout_seconds")) : options;
  }

  CleanupOptions cleanupOptions() {
    CleanupOptions options = CleanupOptions.defaults().withLimit(number("limit", 0));
    return has("timeout_seconds") ? options.withTimeout(seconds("timeout_seconds")) : options;
  }

  ListOptions listOptions() {
    ListOptions options =
        ListOptions.defaults()
            .withPageSize(number("page_size", 0))
            .withPageToken(text("page_token", ""))
            .withLimit(number("limit", 0));
    if (has("keys_only")) {
      options = options.withKeysOnly();
    }
    if (has("order")) {
      options = options.withOrder(Order.valueOf(text("order").toUpperCase(Locale.ROOT)));
    }
    if (has("consistency")) {
      options = options.withConsistency(consistency());
    }
    return has("timeout_seconds") ? options.withTimeout(seconds("timeout_seconds")) : options;
  }

  private Consistency consistency() {
    return Consistency.valueOf(text("consistency").toUpperCase(Locale.ROOT));
  }

  private Duration seconds(String name) {
    return duration(json.get(name));
  }

  static Duration duration(JsonElement seconds) {
    return Duration.ofNanos(Math.round(seconds.getAsDouble() * 1e9));
  }
}
