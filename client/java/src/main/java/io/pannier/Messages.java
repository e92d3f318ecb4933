package io.pannier;

import com.google.protobuf.ByteString;
import io.pannier.v1.CleanupExpiredRequest;
import io.pannier.v1.DeleteRequest;
import io.pannier.v1.GetRequest;
import io.pannier.v1.ListByPrefixRequest;
import io.pannier.v1.ListByPrefixResponse;
import io.pannier.v1.PutIfVersionRequest;
import io.pannier.v1.PutIfVersionResponse;
import io.pannier.v1.PutRequest;
import io.pannier.v1.PutResponse;
import io.pannier.v1.Record;
import io.pannier.v1.UnreadableRecord;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Arguments into request messages, and answers into what the store returns. */
final class Messages {
  private Messages() {}

  static GetRequest get(String key, Consistency consistency) {
    return GetRequest.newBuilder()
        .setKey(Keys.encodable("key", key))
        .setConsistency(wire(consistency))
        .build();
  }

  static PutRequest put(String key, byte[] data, WriteOptions options) {
    PutRequest.Builder request =
        PutRequest.newBuilder()
            .setKey(Keys.encodable("key", key))
            .setData(ByteString.copyFrom(Objects.requireNonNull(data, "data")))
            .setRequestId(requestId(options.requestId()));
    Expiry expiry = options.expiry().resolved(Instant.now());
    if (expiry.never()) {
      request.setNeverExpires(true);
    } else if (expiry.time() != null) {
      request.setExpireTime(expiry.time());
    }
    return request.build();
  }

  /**
   * Returns the request of a conditional write.
   *
   * @param expiry resolved: without a ttl
   * @param requestId null for a new one
   */
  static PutIfVersionRequest putIfVersion(
      String key,
      ByteString data,
      long expectedVersion,
      String etag,
      Expiry expiry,
      UUID requestId) {
    if (expectedVersion < 0) {
      throw new IllegalArgumentException(
          "expectedVersion must be 0 or more, not %d; 0 creates a record"
              .formatted(expectedVersion));
    }
    PutIfVersionRequest.Builder request =
        PutIfVersionRequest.newBuilder()
            .setKey(Keys.encodable("key", key))
            .setData(data)
            .setRequestId(requestId(requestId))
            .setExpectedVersion(expectedVersion)
            .setEtag(Objects.requireNonNull(etag, "etag"));
    if (expiry.never()) {
      request.setNeverExpires(true);
    } else if (expiry.time() != null) {
      request.setExpireTime(expiry.time());
    }
    return request.build();
  }

  static DeleteRequest delete(String key, DeleteOptions options) {
    DeleteRequest.Builder request =
        DeleteRequest.newBuilder().setKey(Keys.encodable("key", key)).setEtag(options.etag());
    if (options.expectedVersion() > 0) {
      request.setExpectedVersion(options.expectedVersion());
    }
    return request.build();
  }

  static ListByPrefixRequest list(String prefix, ListOptions options) {
    return ListByPrefixRequest.newBuilder()
        .setPrefix(Keys.encodable("prefix", prefix))
        .setPageSize(options.pageSize())
        .setPageToken(options.pageToken())
        .setLimit(options.limit())
        .setKeysOnly(options.keysOnly())
        .setOrder(wire(options.order()))
        .setConsistency(wire(options.consistency()))
        .build();
  }

  static CleanupExpiredRequest cleanup(String prefix, CleanupOptions options) {
    return CleanupExpiredRequest.newBuilder()
        .setPrefix(Keys.encodable("prefix", prefix))
        .setLimit(options.limit())
        .build();
  }

  static StoredRecord record(Record record) {
    return new StoredRecord(
        record.getKey(),
        record.getData(),
        record.getVersion(),
        record.getEtag(),
        record.hasExpireTime() ? Expiry.instant(record.getExpireTime()) : null);
  }

  static Written written(PutResponse answer) {
    return new Written(
        answer.getVersion(),
        answer.getEtag(),
        answer.hasExpireTime()
            ? Optional.of(Expiry.instant(answer.getExpireTime()))
            : Optional.empty());
  }

  static Written written(PutIfVersionResponse answer) {
    return new Written(
        answer.getVersion(),
        answer.getEtag(),
        answer.hasExpireTime()
            ? Optional.of(Expiry.instant(answer.getExpireTime()))
            : Optional.empty());
  }

  static Page page(ListByPrefixResponse page) {
    return new Page(
        page.getRecordsList().stream().map(Messages::record).toList(),
        page.getNextPageToken(),
        page.getUnreadableList().stream().map(Messages::unreadable).toList());
  }

  static Unreadable unreadable(UnreadableRecord row) {
    return new Unreadable(row.getKey(), row.getProblem());
  }

  private static String requestId(UUID given) {
    return (given == null ? UUID.randomUUID() : given).toString();
  }

  private static io.pannier.v1.Consistency wire(Consistency consistency) {
    return switch (consistency) {
      case STRONG -> io.pannier.v1.Consistency.CONSISTENCY_STRONG;
      case EVENTUAL -> io.pannier.v1.Consistency.CONSISTENCY_EVENTUAL;
    };
  }

  private static io.pannier.v1.Order wire(Order order) {
    return switch (order) {
      case ASCENDING -> io.pannier.v1.Order.ORDER_ASCENDING;
      case DESCENDING -> io.pannier.v1.Order.ORDER_DESCENDING;
    };
  }
}
