package io.pannier.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Saved values in a scenario's JSON, and the paths by which they are saved. */
final class Substitution {
  private static final Pattern NAME = Pattern.compile("\\$([A-Za-z_]+)");

  private Substitution() {}

  /**
   * Returns a JSON value in which saved values stand for their names. A matcher's own field, such
   * as {@code $any}, is no name: only string values are looked at.
   */
  static JsonElement substitute(JsonElement value, Map<String, JsonElement> saved) {
    if (value.isJsonObject()) {
      JsonObject copy = new JsonObject();
      value
          .getAsJsonObject()
          .entrySet()
          .forEach(part -> copy.add(part.getKey(), substitute(part.getValue(), saved)));
      return copy;
    }
    if (value.isJsonArray()) {
      JsonArray copy = new JsonArray();
      value.getAsJsonArray().forEach(part -> copy.add(substitute(part, saved)));
      return copy;
    }
    boolean isText = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    return isText ? inText(value.getAsString(), saved) : value;
  }

  /** Returns a part of a JSON value, as {@code pages.0.next_page_token} names it. */
  static JsonElement atPath(JsonElement value, String path) {
    JsonElement part = value;
    for (String step : path.split("\\.", -1)) {
      part =
          part.isJsonArray()
              ? part.getAsJsonArray().get(Integer.parseInt(step))
              : part.getAsJsonObject().get(step);
    }
    return part;
  }

  private static JsonElement inText(String text, Map<String, JsonElement> saved) {
    Matcher names = NAME.matcher(text);
    if (names.matches()) {
      return savedAs(names.group(1), saved);
    }
    return new JsonPrimitive(
        names.replaceAll(
            found -> Matcher.quoteReplacement(savedAs(found.group(1), saved).getAsString())));
  }

  private static JsonElement savedAs(String name, Map<String, JsonElement> saved) {
    if (!saved.containsKey(name)) {
      throw new StageFailed("nothing is saved as $" + name);
    }
    return saved.get(name);
  }
}
