package io.pannier;

import java.io.Serializable;
import java.util.Objects;

/**
 * A stored row that is no readable record.
 *
 * @param key its key, {@code owner:name}
 * @param problem what is wrong with it, for people
 */
public record Unreadable(String key, String problem) implements Serializable {

  /**
   * Keeps the facts.
   *
   * @param key not null
   * @param problem not null
   */
  public Unreadable {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(problem, "problem");
  }
}
