package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and prefixes are built from their parts, and refuse what would reach other records. */
class KeysTest {
  private static final String HALF_A_PAIR = "\ud83d";

  @Test
  void aKeyIsOwnerColonName() {
    assertEquals("alice:task:42", Pannier.key("alice", "task:42"));
    assertEquals("Ünï:日本 🙂", Pannier.key("Ünï", "日本 🙂"));
  }

  @Test
  void aPrefixMayEndAfterTheColon() {
    assertEquals("alice:", Pannier.prefix("alice"));
    assertEquals("alice:task:", Pannier.prefix("alice", "task:"));
  }

  @Test
  void anOwnerWithAColonIsRefused() {
    assertRefused("colon", () -> Pannier.key("alice:bob", "42"));
    assertRefused("colon", () -> Pannier.prefix("alice:bob"));
  }

  @Test
  void emptyPartsAreRefused() {
    assertRefused("owner", () -> Pannier.key("", "42"));
    assertRefused("name", () -> Pannier.key("alice", ""));
    assertRefused("owner", () -> Pannier.prefix(""));
  }

  @Test
  void sizesCountInBytes() {
    Pannier.key("a".repeat(2_042), "é".repeat(509));
    assertRefused("2,043", () -> Pannier.key("a".repeat(2_043), "n"));
    assertRefused("1,020", () -> Pannier.key("a", "é".repeat(510)));
    assertRefused("1,020", () -> Pannier.prefix("a", "n".repeat(1_020)));
  }

  @ParameterizedTest
  @ValueSource(strings = {HALF_A_PAIR, "a" + HALF_A_PAIR, HALF_A_PAIR + "a", "\ude42\ud83d"})
  void halfASurrogatePairIsRefused(String text) {
    assertRefused("surrogate", () -> Pannier.key(text, "n"));
    assertRefused("surrogate", () -> Pannier.key("o", text));
    try (PannierStore store = Pannier.connect("localhost:1")) {
      assertRefused("surrogate", () -> store.get("o:" + text));
      assertRefused("surrogate", () -> store.put("o:" + text, new byte[0]));
      assertRefused("surrogate", () -> store.create("o:" + text, new byte[0]));
      assertRefused("surrogate", () -> store.delete("o:" + text));
      assertRefused("surrogate", () -> store.list("o:" + text));
      assertRefused("surrogate", () -> store.cleanupExpired("o:" + text));
    }
  }

  private static void assertRefused(String why, Runnable call) {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(error.getMessage().contains(why), error.getMessage());
  }
}
