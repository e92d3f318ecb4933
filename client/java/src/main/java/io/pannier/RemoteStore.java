package io.pannier;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import io.pannier.v1.CleanupExpiredResponse;
import io.pannier.v1.PutIfVersionRequest;
import io.pannier.v1.StorageBackendGrpc;
import java.time.Instant;
import java.util.function.UnaryOperator;

/** The store behind a sidecar: its six calls, and what is made of them. */
final class RemoteStore implements PannierStore {
  private final Connection connection;

  RemoteStore(Connection connection) {
    this.connection = connection;
  }

  @Override
  public String address() {
    return connection.address();
  }

  @Override
  public void close() {
    connection.close();
  }

  @Override
  public StoredRecord get(String key, ReadOptions options) {
    requireNonNull(options, "options");
    return Messages.record(
        connection
            .call(
                StorageBackendGrpc.getGetMethod(),
                Messages.get(key, options.consistency()),
                Safety.READ,
                connection.deadline(options.timeout()))
            .getRecord());
  }

  @Override
  public Written put(String key, byte[] data, WriteOptions options) {
    requireNonNull(options, "options");
    return Messages.written(
        connection.call(
            StorageBackendGrpc.getPutMethod(),
            Messages.put(key, data, options),
            Safety.REPEATABLE_WRITE,
            connection.deadline(options.timeout())));
  }

  @Override
  public Written putIfVersion(
      String key, byte[] data, long expectedVersion, String etag, WriteOptions options) {
    requireNonNull(options, "options");
    PutIfVersionRequest request =
        Messages.putIfVersion(
            key,
            ByteString.copyFrom(requireNonNull(data, "data")),
            expectedVersion,
            etag,
            options.expiry().resolved(Instant.now()),
            options.requestId());
    return Messages.written(
        connection.call(
            StorageBackendGrpc.getPutIfVersionMethod(),
            request,
            Safety.REPEATABLE_WRITE,
            connection.deadline(options.timeout())));
  }

  @Override
  public StoredRecord update(String key, UnaryOperator<byte[]> change, UpdateOptions options) {
    requireNonNull(change, "change");
    requireNonNull(options, "options");
    Expiry expiry = options.expiry().resolved(Instant.now());
    return new Update(connection, key, change, expiry, connection.deadline(options.timeout()))
        .run();
  }

  @Override
  public boolean delete(String key, DeleteOptions options) {
    requireNonNull(options, "options");
    return connection
        .call(
            StorageBackendGrpc.getDeleteMethod(),
            Messages.delete(key, options),
            options.etag().isEmpty() ? Safety.SINGLE_WRITE : Safety.REPEATABLE_WRITE,
            connection.deadline(options.timeout()))
        .getDeleted();
  }

  @Override
  public Listing<StoredRecord> list(String prefix, ListOptions options) {
    return RecordListing.open(connection, prefix, requireNonNull(options, "options"));
  }

  @Override
  public Listing<Page> listPages(String prefix, ListOptions options) {
    return PageListing.open(connection, prefix, requireNonNull(options, "options"));
  }

  @Override
  public CleanupResult cleanupExpired(String prefix, CleanupOptions options) {
    requireNonNull(options, "options");
    CleanupExpiredResponse answer =
        connection.call(
            StorageBackendGrpc.getCleanupExpiredMethod(),
            Messages.cleanup(prefix, options),
            Safety.READ,
            connection.deadline(options.timeout()));
    return new CleanupResult(answer.getRemoved(), answer.getMore());
  }

  @Override
  public String toString() {
    return "PannierStore at " + address();
  }
}
