package io.pannier;

import java.util.Iterator;
import java.util.stream.Stream;

/**
 * A list that is fetched as it is read, from a loop or as a stream, once.
 *
 * <p>Close it to leave it early; the stream from the sidecar ends with it. One that was read to its
 * end, or that has failed, is closed already. Only one thread at a time may read it, but any thread
 * may close it.
 *
 * <pre>{@code
 * store.put("erin:1", "one".getBytes(StandardCharsets.UTF_8));
 * store.put("erin:2", "two".getBytes(StandardCharsets.UTF_8));
 * try (Listing<StoredRecord> records = store.list("erin:")) {
 *   for (StoredRecord record : records) {
 *     System.out.println(record.dataAsText());
 *     break;
 *   }
 * }
 * // prints: one
 * }</pre>
 *
 * @param <T> what it is a list of: records or pages
 */
public interface Listing<T> extends Iterable<T>, AutoCloseable {

  /**
   * Returns the iterator of this list. The first record is fetched when the iterator is asked for
   * it, and errors are thrown by its methods.
   *
   * @return an iterator, the same one each time
   * @throws IllegalStateException from the iterator's methods, where the list was closed before its
   *     end
   */
  @Override
  Iterator<T> iterator();

  /**
   * Returns this list as a sequential stream. Closing the stream closes the list.
   *
   * @return a stream that fetches as it is read
   */
  Stream<T> stream();

  /** Ends the list. A thread that waits for its next record gets {@link CallCancelledException}. */
  @Override
  void close();
}
