package io.pannier.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.function.BiPredicate;

/** Whether a result is what a scenario expects. */
final class Matching {
  private static final Map<String, BiPredicate<JsonObject, JsonElement>> MATCHERS =
      Map.of(
          "$one_of", Matching::isOneOf,
          "$not", (wanted, found) -> mismatch(wanted.get("$not"), found, "it") != null,
          "$any", (wanted, found) -> !found.isJsonNull() && !found.equals(new JsonPrimitive("")),
          "$from", Matching::isBetween,
          "$length", Matching::hasLength,
          "$contains", Matching::contains,
          "$in_seconds", Matching::isInSeconds,
          "repeat", Matching::isRepeated,
          "base64", (wanted, found) -> Arrays.equals(bytes(wanted), bytes(found)));

  private Matching() {}

  /** Returns what is wrong with a result, or null where it matches. */
  static String mismatch(JsonElement expected, JsonElement actual, String where) {
    JsonElement found = actual == null ? JsonNull.INSTANCE : actual;
    if (expected.isJsonObject()) {
      return objectMismatch(expected.getAsJsonObject(), found, where);
    }
    if (expected.isJsonArray()) {
      return listMismatch(expected.getAsJsonArray(), found, where);
    }
    return isEqual(expected, found) ? null : wrong(expected, found, where);
  }

  private static String objectMismatch(JsonObject expected, JsonElement found, String where) {
    String first = expected.keySet().stream().findFirst().orElse("");
    if (MATCHERS.containsKey(first)) {
      boolean matches = MATCHERS.get(first).test(expected, found);
      return matches ? null : wrong(expected, found, where);
    }
    if (!found.isJsonObject()) {
      return wrong(expected, found, where);
    }
    for (String name : expected.keySet()) {
      JsonElement part = found.getAsJsonObject().get(name);
      String problem = mismatch(expected.get(name), part, where + "." + name);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private static String listMismatch(JsonArray expected, JsonElement found, String where) {
    if (!found.isJsonArray() || found.getAsJsonArray().size() != expected.size()) {
      return wrong(expected, found, where);
    }
    for (int i = 0; i < expected.size(); i++) {
      String problem = mismatch(expected.get(i), found.getAsJsonArray().get(i), where + "." + i);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private static String wrong(JsonElement expected, JsonElement found, String where) {
    return "%s is %s, not %s".formatted(where, found, expected);
  }

  /** Versions may be too large for some languages' numbers, and are then strings of digits. */
  private static boolean isEqual(JsonElement expected, JsonElement found) {
    if (!expected.isJsonPrimitive() || !found.isJsonPrimitive()) {
      return expected.equals(found);
    }
    JsonPrimitive one = expected.getAsJsonPrimitive();
    JsonPrimitive other = found.getAsJsonPrimitive();
    if (one.isNumber() && other.isNumber()) {
      return decimal(one).compareTo(decimal(other)) == 0;
    }
    if (one.isBoolean() || other.isBoolean()) {
      return one.equals(other);
    }
    return one.getAsString().equals(other.getAsString());
  }

  private static boolean isOneOf(JsonObject wanted, JsonElement found) {
    for (JsonElement one : wanted.getAsJsonArray("$one_of")) {
      if (mismatch(one, found, "it") == null) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBetween(JsonObject wanted, JsonElement found) {
    return isNumber(found)
        && decimal(wanted.get("$from")).compareTo(decimal(found)) <= 0
        && decimal(wanted.get("$to")).compareTo(decimal(found)) >= 0;
  }

  private static boolean hasLength(JsonObject wanted, JsonElement found) {
    return found.isJsonArray() && found.getAsJsonArray().size() == wanted.get("$length").getAsInt();
  }

  private static boolean contains(JsonObject wanted, JsonElement found) {
    return isText(found) && found.getAsString().contains(wanted.get("$contains").getAsString());
  }

  private static boolean isInSeconds(JsonObject wanted, JsonElement found) {
    try {
      Instant time = Instant.parse(isText(found) ? found.getAsString() : "");
      double seconds = Duration.between(Instant.now(), time).toMillis() / 1e3;
      JsonArray range = wanted.getAsJsonArray("$in_seconds");
      return range.get(0).getAsDouble() <= seconds && seconds <= range.get(1).getAsDouble();
    } catch (DateTimeParseException noTime) {
      return false;
    }
  }

  private static boolean isRepeated(JsonObject wanted, JsonElement found) {
    String text = wanted.get("repeat").getAsString().repeat(wanted.get("times").getAsInt());
    return found.equals(new JsonPrimitive(text));
  }

  private static boolean isNumber(JsonElement found) {
    return found.isJsonPrimitive() && found.getAsJsonPrimitive().isNumber();
  }

  private static boolean isText(JsonElement found) {
    return found.isJsonPrimitive() && found.getAsJsonPrimitive().isString();
  }

  private static BigDecimal decimal(JsonElement number) {
    return number.getAsBigDecimal();
  }

  private static byte[] bytes(JsonElement data) {
    return data.isJsonObject()
        ? Base64.getDecoder().decode(data.getAsJsonObject().get("base64").getAsString())
        : data.toString().getBytes(UTF_8);
  }
}
