package io.pannier;

import java.util.List;
import java.util.Objects;

/** A list met stored rows that are no readable records; it gave all others before this. */
public final class UnreadableRecordsException extends PannierException {
  private static final long serialVersionUID = 1L;

  // What List.copyOf gives can be serialized, although its type does not say so.
  @SuppressWarnings("serial")
  private final List<Unreadable> unreadable;

  private final long count;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   * @param unreadable the rows, or the first of them
   * @param count how many there were
   */
  public UnreadableRecordsException(
      String message, ErrorFacts facts, List<Unreadable> unreadable, long count) {
    super(message, facts);
    this.unreadable = List.copyOf(Objects.requireNonNull(unreadable, "unreadable"));
    this.count = count;
  }

  /**
   * Returns the rows that could not be read.
   *
   * @return key and problem of each, of the first 1,000 at most
   */
  public List<Unreadable> unreadable() {
    return unreadable;
  }

  /**
   * Returns how many rows could not be read.
   *
   * @return the number of all of them
   */
  public long count() {
    return count;
  }
}
