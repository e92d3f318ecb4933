package io.pannier;

import java.util.function.UnaryOperator;

/**
 * Versioned records behind a sidecar; made by {@link Pannier#connect()}.
 *
 * <p>Any number of threads may share one store, virtual ones too. A call runs in the thread that
 * makes it and blocks it; interrupting the thread ends the call at once with {@link
 * CallCancelledException}, as cancelling the current {@link io.grpc.Context} does. Close the store
 * when it is no longer needed.
 *
 * <p>Each call but {@link #list} and {@link #listPages} ends within the timeout of its options, or
 * else the store's. Beside the errors named with each method, all can throw {@link
 * InvalidArgumentException}, {@link UnavailableException}, {@link ThrottledException}, {@link
 * DeadlineExceededException}, {@link StoreMisconfiguredException}, {@link
 * UnauthenticatedException}, {@link PermissionDeniedException}, {@link InternalErrorException},
 * {@link CallCancelledException} and {@link StoreClosedException}. A null argument is a {@link
 * NullPointerException}.
 *
 * <p>It is an interface so that tests can do without a sidecar.
 */
public interface PannierStore extends AutoCloseable {

  /**
   * Returns where the sidecar is.
   *
   * @return the address, {@code unix:/path/to/socket} or {@code host:port}
   */
  String address();

  /** Closes the connection. Calls that still run throw {@link StoreClosedException}. */
  @Override
  void close();

  /**
   * Returns the record at a key, strongly consistent.
   *
   * @param key as for {@link #get(String, ReadOptions)}
   * @return the record
   * @throws NotFoundException no live record has the key
   * @throws CorruptRecordException the stored row cannot be read
   */
  default StoredRecord get(String key) {
    return get(key, ReadOptions.defaults());
  }

  /**
   * Returns the record at a key.
   *
   * <pre>{@code
   * Written written = store.put("alice:size", "large".getBytes(StandardCharsets.UTF_8));
   * ReadOptions cheap = ReadOptions.defaults().withConsistency(Consistency.EVENTUAL);
   * StoredRecord record = store.get("alice:size", cheap);
   * System.out.println(record.version() == written.version());
   * // prints: true
   * }</pre>
   *
   * @param key the record's key; {@link Pannier#key} builds one
   * @param options how fresh the read must be, and how long it may take
   * @return the record
   * @throws NotFoundException no live record has the key
   * @throws CorruptRecordException the stored row cannot be read
   */
  StoredRecord get(String key, ReadOptions options);

  /**
   * Writes a record whatever is there, replacing its data and its expiry.
   *
   * @param key as for {@link #put(String, byte[], WriteOptions)}
   * @param data the new data
   * @return the version and etag that it made
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws CorruptRecordException the stored row cannot be read
   */
  default Written put(String key, byte[] data) {
    return put(key, data, WriteOptions.defaults());
  }

  /**
   * Writes a record whatever is there, replacing its data and its expiry.
   *
   * <pre>{@code
   * byte[] token = {1, 2, 3};
   * Written first = store.put("alice:session", token, WriteOptions.ttl(Duration.ofHours(1)));
   * Written second = store.put("alice:session", token, WriteOptions.neverExpires());
   * System.out.println(first.version() + ", " + second.version());
   * // prints: 1, 2
   * }</pre>
   *
   * @param key the record's key
   * @param data the new data, up to the sidecar's limit (350 KiB by default). It is copied
   * @param options when the record expires, what names the write, and how long it may take
   * @return the version and etag that it made
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws RequestIdReusedException the request id was used for another write to this key
   * @throws CorruptRecordException the stored row cannot be read
   */
  Written put(String key, byte[] data, WriteOptions options);

  /**
   * Writes a record only over the version that is expected.
   *
   * @param key as for {@link #putIfVersion(String, byte[], long, String, WriteOptions)}
   * @param data the new data
   * @param expectedVersion the version that the record must have; 0 to create it
   * @return the version and etag that it made
   * @throws VersionConflictException the record has another version
   * @throws NotFoundException no live record has the key, and the expected version is not 0
   * @throws AlreadyExistsException a live record has the key, and the expected version is 0
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws CorruptRecordException the stored row cannot be read
   */
  default Written putIfVersion(String key, byte[] data, long expectedVersion) {
    return putIfVersion(key, data, expectedVersion, "", WriteOptions.defaults());
  }

  /**
   * Writes a record only over the version and etag that are expected.
   *
   * @param key as for {@link #putIfVersion(String, byte[], long, String, WriteOptions)}
   * @param data the new data
   * @param expectedVersion the version that the record must have
   * @param etag the etag that it must have as well
   * @return the version and etag that it made
   * @throws VersionConflictException the record has another version or etag
   * @throws NotFoundException no live record has the key
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws CorruptRecordException the stored row cannot be read
   */
  default Written putIfVersion(String key, byte[] data, long expectedVersion, String etag) {
    return putIfVersion(key, data, expectedVersion, etag, WriteOptions.defaults());
  }

  /**
   * Writes a record only over the version and etag that are expected.
   *
   * <pre>{@code
   * Written first = store.put("alice:theme", "light".getBytes(StandardCharsets.UTF_8));
   * byte[] dark = "dark".getBytes(StandardCharsets.UTF_8);
   * store.putIfVersion("alice:theme", dark, first.version(), first.etag());
   * try {
   *   store.putIfVersion("alice:theme", dark, first.version());
   * } catch (VersionConflictException conflict) {
   *   System.out.println("someone was faster: version " + conflict.actualVersion());
   *   // prints: someone was faster: version 2
   * }
   * }</pre>
   *
   * @param key the record's key
   * @param data the new data, as for {@link #put(String, byte[], WriteOptions)}
   * @param expectedVersion the version that the record must have; 0 to create it
   * @param etag the etag that it must have as well, which tells a record that was deleted and
   *     created again; empty for not checked. It cannot go with version 0
   * @param options as for {@link #put(String, byte[], WriteOptions)}
   * @return the version and etag that it made
   * @throws VersionConflictException the record has another version or etag
   * @throws NotFoundException no live record has the key, and the expected version is not 0
   * @throws AlreadyExistsException a live record has the key, and the expected version is 0
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws RequestIdReusedException the request id was used for another write to this key
   * @throws CorruptRecordException the stored row cannot be read
   * @throws IllegalArgumentException the expected version is below 0
   */
  Written putIfVersion(
      String key, byte[] data, long expectedVersion, String etag, WriteOptions options);

  /**
   * Writes a record only where no live one is.
   *
   * @param key the record's key
   * @param data the new data
   * @return the version and etag that it made
   * @throws AlreadyExistsException a live record has the key
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws CorruptRecordException the stored row cannot be read
   */
  default Written create(String key, byte[] data) {
    return create(key, data, WriteOptions.defaults());
  }

  /**
   * Writes a record only where no live one is.
   *
   * <pre>{@code
   * byte[] pending = "pending".getBytes(StandardCharsets.UTF_8);
   * store.create("alice:approval", pending, WriteOptions.ttl(Duration.ofDays(7)));
   * try {
   *   store.create("alice:approval", pending);
   * } catch (AlreadyExistsException known) {
   *   System.out.println(known.getMessage());
   *   // prints: a live record has this key already, at version 1
   * }
   * }</pre>
   *
   * @param key the record's key
   * @param data the new data
   * @param options as for {@link #put(String, byte[], WriteOptions)}
   * @return the version and etag that it made
   * @throws AlreadyExistsException a live record has the key
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws RequestIdReusedException the request id was used for another write to this key
   * @throws CorruptRecordException the stored row cannot be read
   */
  default Written create(String key, byte[] data, WriteOptions options) {
    return putIfVersion(key, data, 0, "", options);
  }

  /**
   * Reads a record, changes its data and writes it, again after each lost race. The record keeps
   * its expiry.
   *
   * @param key as for {@link #update(String, UnaryOperator, UpdateOptions)}
   * @param change takes the data and returns the new data, or null
   * @return the record as written, or as read where {@code change} returned null
   * @throws NotFoundException no live record has the key, or it went while this ran
   * @throws VersionConflictException others kept writing until the time was over
   * @throws OutcomeUnknownException the write failed and may have been applied all the same
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws CorruptRecordException the stored row cannot be read
   */
  default StoredRecord update(String key, UnaryOperator<byte[]> change) {
    return update(key, change, UpdateOptions.defaults());
  }

  /**
   * Reads a record, changes its data and writes it, again after each lost race.
   *
   * <p>The write goes through only over the version and etag that were read, so nothing that others
   * wrote is lost.
   *
   * <pre>{@code
   * store.put("alice:visits", "41".getBytes(StandardCharsets.UTF_8));
   * StoredRecord record =
   *     store.update(
   *         "alice:visits",
   *         data -> {
   *           int visits = Integer.parseInt(new String(data, StandardCharsets.UTF_8));
   *           return Integer.toString(visits + 1).getBytes(StandardCharsets.UTF_8);
   *         },
   *         UpdateOptions.ttl(Duration.ofDays(30)));
   * System.out.println(record.dataAsText());
   * // prints: 42
   * }</pre>
   *
   * @param key the record's key
   * @param change takes the data, which it may change in place, and returns the new data, or null
   *     to leave the record alone. It may be called several times, each time with newer data, but
   *     at most one result is written. What it throws ends the update
   * @param options when the record expires from then on, and how long all of it may take
   * @return the record as written, or as read where {@code change} returned null
   * @throws NotFoundException no live record has the key, or it went while this ran
   * @throws VersionConflictException others kept writing until the time was over
   * @throws OutcomeUnknownException the write failed and may have been applied all the same
   * @throws DataTooLargeException the data is larger than the sidecar takes
   * @throws CorruptRecordException the stored row cannot be read
   */
  StoredRecord update(String key, UnaryOperator<byte[]> change, UpdateOptions options);

  /**
   * Deletes a record, whatever is there.
   *
   * @param key as for {@link #delete(String, DeleteOptions)}
   * @return true where a live record was there and this call removed it
   */
  default boolean delete(String key) {
    return delete(key, DeleteOptions.defaults());
  }

  /**
   * Deletes a record, whatever is there or only at a version or etag.
   *
   * <p>Without an etag it is not tried again once it may have been applied: a second one could
   * delete what someone else wrote since. With one it is, and can then return false although the
   * first attempt deleted the record.
   *
   * <pre>{@code
   * Written written = store.put("alice:draft", new byte[0]);
   * System.out.println(store.delete("alice:draft", DeleteOptions.etag(written.etag())));
   * // prints: true
   * System.out.println(store.delete("alice:draft"));
   * // prints: false
   * }</pre>
   *
   * @param key the record's key
   * @param options the version or etag that the record must have, and how long the call may take
   * @return true where a live record was there and this call removed it
   * @throws VersionConflictException the record has another version or etag
   * @throws CorruptRecordException the delete is conditional and the stored row cannot be read
   */
  boolean delete(String key, DeleteOptions options);

  /**
   * Lists the live records of one owner, by prefix of their names.
   *
   * @param prefix as for {@link #list(String, ListOptions)}
   * @return the records, fetched as they are read
   */
  default Listing<StoredRecord> list(String prefix) {
    return list(prefix, ListOptions.defaults());
  }

  /**
   * Lists the live records of one owner, by prefix of their names.
   *
   * <p>The list fetches pages as it is read, goes on by itself after a broken connection, and gives
   * no record twice. It is not a snapshot: each page shows its own moment. Errors come from reading
   * it, from the first record on; where stored rows could not be read and nobody {@linkplain
   * ListOptions#withOnUnreadable hears} of them, {@link UnreadableRecordsException} comes after the
   * last record.
   *
   * <pre>{@code
   * for (int number = 0; number < 3; number++) {
   *   store.put(Pannier.key("bob", "task:" + number), new byte[0]);
   * }
   * ListOptions newest = ListOptions.defaults().withOrder(Order.DESCENDING).withLimit(2);
   * try (Listing<StoredRecord> records = store.list("bob:task:", newest)) {
   *   records.stream().map(StoredRecord::key).forEach(System.out::println);
   * }
   * // prints: bob:task:2
   * // prints: bob:task:1
   * }</pre>
   *
   * @param prefix {@code owner:} and the start of a name; {@link Pannier#prefix} builds one
   * @param options what the list holds and how it is fetched
   * @return the records, fetched as they are read
   */
  Listing<StoredRecord> list(String prefix, ListOptions options);

  /**
   * Lists the live records of one owner in pages, for those who page themselves.
   *
   * @param prefix as for {@link #list(String, ListOptions)}
   * @return the pages, fetched as they are read
   */
  default Listing<Page> listPages(String prefix) {
    return listPages(prefix, ListOptions.defaults());
  }

  /**
   * Lists the live records of one owner in pages, for those who page themselves.
   *
   * <p>A page may hold fewer records than its size, because it stays under 1 MiB; only an empty
   * {@link Page#nextPageToken()} means the end. Unreadable rows are in the pages and throw nothing.
   *
   * <pre>{@code
   * for (int number = 0; number < 3; number++) {
   *   store.put(Pannier.key("carol", "task:" + number), new byte[0]);
   * }
   * ListOptions two = ListOptions.defaults().withPageSize(2).withLimit(2);
   * try (Listing<Page> first = store.listPages("carol:", two)) {
   *   Page page = first.iterator().next();
   *   System.out.println(page.records().size());
   *   // prints: 2
   *   ListOptions rest = two.withPageToken(page.nextPageToken());
   *   try (Listing<Page> second = store.listPages("carol:", rest)) {
   *     System.out.println(second.iterator().next().records().size());
   *     // prints: 1
   *   }
   * }
   * }</pre>
   *
   * @param prefix as for {@link #list(String, ListOptions)}
   * @param options as for {@link #list(String, ListOptions)}
   * @return the pages, fetched as they are read
   */
  Listing<Page> listPages(String prefix, ListOptions options);

  /**
   * Removes expired records of the whole store now, without waiting for the store to do it. On
   * DynamoDB that removes nothing: the table's own TTL does it.
   *
   * @return how many records it removed
   */
  default CleanupResult cleanupExpired() {
    return cleanupExpired("", CleanupOptions.defaults());
  }

  /**
   * Removes expired records now, without waiting for the store to do it.
   *
   * @param prefix as for {@link #list(String, ListOptions)}; empty for the whole store
   * @return how many records it removed
   */
  default CleanupResult cleanupExpired(String prefix) {
    return cleanupExpired(prefix, CleanupOptions.defaults());
  }

  /**
   * Removes expired records now, without waiting for the store to do it.
   *
   * <pre>{@code
   * store.put("dave:old", new byte[0], WriteOptions.expireTime(Instant.EPOCH));
   * System.out.println(store.cleanupExpired("dave:", CleanupOptions.defaults().withLimit(10)));
   * // prints: CleanupResult[removed=1, more=false]
   * }</pre>
   *
   * @param prefix as for {@link #list(String, ListOptions)}; empty for the whole store (on DynamoDB
   *     that removes nothing: the table's own TTL does it)
   * @param options the most records to remove, and how long the call may take
   * @return how many records it removed, and whether there are more
   */
  CleanupResult cleanupExpired(String prefix, CleanupOptions options);
}
