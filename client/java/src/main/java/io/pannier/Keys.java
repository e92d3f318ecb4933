package io.pannier;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Keys and prefixes: {@code owner:name}, split at the first colon. */
final class Keys {
  /** The most UTF-8 bytes of an owner: DynamoDB's partition key less a row's prefix. */
  private static final int MAX_OWNER_BYTES = 2_042;

  /** The most UTF-8 bytes of a name: DynamoDB's sort key less a row's prefix. */
  private static final int MAX_NAME_BYTES = 1_019;

  private Keys() {}

  static String key(String owner, String name) {
    checkOwner(owner);
    checkSize("name", name, MAX_NAME_BYTES);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("the name must not be empty");
    }
    return owner + ":" + name;
  }

  static String prefix(String owner, String nameStart) {
    checkOwner(owner);
    checkSize("nameStart", nameStart, MAX_NAME_BYTES);
    return owner + ":" + nameStart;
  }

  /**
   * Returns a text that UTF-8 can encode. Protobuf would write a question mark in place of half a
   * surrogate pair, and so reach another record.
   */
  static String encodable(String what, String text) {
    Objects.requireNonNull(text, what);
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i)) && isHalfPair(text, i)) {
        throw new IllegalArgumentException(
            "the %s holds half of a surrogate pair, which UTF-8 cannot encode".formatted(what));
      }
    }
    return text;
  }

  private static boolean isHalfPair(String text, int index) {
    int high = Character.isHighSurrogate(text.charAt(index)) ? index : index - 1;
    return high < 0
        || high + 1 >= text.length()
        || !Character.isSurrogatePair(text.charAt(high), text.charAt(high + 1));
  }

  private static void checkOwner(String owner) {
    checkSize("owner", owner, MAX_OWNER_BYTES);
    if (owner.isEmpty()) {
      throw new IllegalArgumentException("the owner must not be empty");
    }
    if (owner.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "the owner must not contain a colon: it ends where the name begins");
    }
  }

  private static void checkSize(String part, String text, int limit) {
    int size = encodable(part, text).getBytes(StandardCharsets.UTF_8).length;
    if (size > limit) {
      throw new IllegalArgumentException(
          "the %s has %,d UTF-8 bytes, the limit is %,d".formatted(part, size, limit));
    }
  }
}
