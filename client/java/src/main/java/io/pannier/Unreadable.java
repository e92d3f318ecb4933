package io.pannier;

import java.io.Serializable;

/**
 * A stored row that is no readable record.
 *
 * @param key its key, {@code owner:name}
 * @param problem what is wrong with it, for people
 */
public record Unreadable(String key, String problem) implements Serializable {}
