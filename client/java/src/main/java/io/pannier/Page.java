package io.pannier;

import java.util.List;
import java.util.Objects;

/**
 * A piece of a list.
 *
 * @param records the page's records, in the list's order
 * @param nextPageToken goes on after this page, by {@link ListOptions#withPageToken}; empty at the
 *     list's end
 * @param unreadable the rows in this page's range that cannot be read
 */
public record Page(List<StoredRecord> records, String nextPageToken, List<Unreadable> unreadable) {

  /**
   * Keeps copies of the lists, which cannot be changed.
   *
   * @param records in the list's order
   * @param nextPageToken empty at the list's end
   * @param unreadable empty where all rows could be read
   */
  public Page {
    records = List.copyOf(Objects.requireNonNull(records, "records"));
    Objects.requireNonNull(nextPageToken, "nextPageToken");
    unreadable = List.copyOf(Objects.requireNonNull(unreadable, "unreadable"));
  }
}
