package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A null argument is refused by its name. */
class NullsTest {
  private static final byte[] DATA = {};
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final ErrorFacts FACTS = ErrorFacts.of(Status.Code.ABORTED);

  private static PannierStore store;

  @BeforeAll
  static void connect() {
    store = Pannier.connect("localhost:1");
  }

  @AfterAll
  static void close() {
    store.close();
  }

  @Test
  void ofACall() {
    assertRefused("key", () -> store.get(null));
    assertRefused("options", () -> store.get("o:a", null));
    assertRefused("key", () -> store.put(null, DATA));
    assertRefused("data", () -> store.put("o:a", null));
    assertRefused("options", () -> store.put("o:a", DATA, null));
    assertRefused("key", () -> store.putIfVersion(null, DATA, 1));
    assertRefused("data", () -> store.putIfVersion("o:a", null, 1));
    assertRefused("etag", () -> store.putIfVersion("o:a", DATA, 1, null));
    assertRefused("options", () -> store.putIfVersion("o:a", DATA, 1, "", null));
    assertRefused("data", () -> store.create("o:a", null));
    assertRefused("options", () -> store.create("o:a", DATA, null));
    assertRefused("key", () -> store.update(null, data -> data));
    assertRefused("change", () -> store.update("o:a", null));
    assertRefused("options", () -> store.update("o:a", data -> data, null));
    assertRefused("key", () -> store.delete(null));
    assertRefused("options", () -> store.delete("o:a", null));
    assertRefused("prefix", () -> store.list(null));
    assertRefused("options", () -> store.list("o:", null));
    assertRefused("prefix", () -> store.listPages(null));
    assertRefused("options", () -> store.listPages("o:", null));
    assertRefused("prefix", () -> store.cleanupExpired(null));
    assertRefused("options", () -> store.cleanupExpired("o:", null));
  }

  @Test
  void ofAKey() {
    assertRefused("owner", () -> Pannier.key(null, "a"));
    assertRefused("name", () -> Pannier.key("o", null));
    assertRefused("owner", () -> Pannier.prefix(null));
    assertRefused("nameStart", () -> Pannier.prefix("o", null));
  }

  @Test
  void ofOptions() {
    assertRefused("consistency", () -> ReadOptions.defaults().withConsistency(null));
    assertRefused("timeout", () -> ReadOptions.defaults().withTimeout(null));
    assertRefused("ttl", () -> WriteOptions.ttl(null));
    assertRefused("expireTime", () -> WriteOptions.expireTime(null));
    assertRefused("requestId", () -> WriteOptions.defaults().withRequestId(null));
    assertRefused("timeout", () -> WriteOptions.defaults().withTimeout(null));
    assertRefused("ttl", () -> UpdateOptions.ttl(null));
    assertRefused("expireTime", () -> UpdateOptions.expireTime(null));
    assertRefused("timeout", () -> UpdateOptions.defaults().withTimeout(null));
    assertRefused("etag", () -> DeleteOptions.etag(null));
    assertRefused("timeout", () -> DeleteOptions.defaults().withTimeout(null));
    assertRefused("pageToken", () -> ListOptions.defaults().withPageToken(null));
    assertRefused("order", () -> ListOptions.defaults().withOrder(null));
    assertRefused("consistency", () -> ListOptions.defaults().withConsistency(null));
    assertRefused("onUnreadable", () -> ListOptions.defaults().withOnUnreadable(null));
    assertRefused("timeout", () -> ListOptions.defaults().withTimeout(null));
    assertRefused("timeout", () -> CleanupOptions.defaults().withTimeout(null));
  }

  @Test
  void ofAStoresSettings() {
    StoreBuilder builder = Pannier.builder();
    assertRefused("address", () -> Pannier.connect(null));
    assertRefused("timeout", () -> builder.timeout(null));
    assertRefused("retries", () -> builder.retries(null));
    assertRefused("tls", () -> builder.tls(null));
    assertRefused("token", () -> builder.token(null));
    assertRefused("name", () -> builder.metadata(null, "text"));
    assertRefused("value", () -> builder.metadata("x-name", (String) null));
    assertRefused("name", () -> builder.metadata(null, DATA));
    assertRefused("value", () -> builder.metadata("x-name-bin", (byte[]) null));
    assertRefused("initialBackoff", () -> new RetryPolicy(1, null, SECOND));
    assertRefused("maxBackoff", () -> new RetryPolicy(1, SECOND, null));
  }

  @Test
  void ofTls() {
    Tls tls = Tls.systemRoots();
    Path file = Path.of("pom.xml");
    assertRefused("rootCertificates", () -> Tls.trusting((Path) null));
    assertRefused("rootCertificates", () -> Tls.trusting((byte[]) null));
    assertRefused("certificateChain", () -> tls.withClientCertificate(null, file));
    assertRefused("privateKey", () -> tls.withClientCertificate(file, null));
    assertRefused("certificateChain", () -> tls.withClientCertificate(null, DATA));
    assertRefused("privateKey", () -> tls.withClientCertificate(DATA, null));
    assertRefused("serverName", () -> tls.withServerName(null));
  }

  @Test
  void ofWhatAFakeStoreAnswers() {
    Optional<java.time.Instant> never = Optional.empty();
    assertRefused("key", () -> StoredRecord.of(null, DATA, 1, "e1", never));
    assertRefused("data", () -> StoredRecord.of("o:a", null, 1, "e1", never));
    assertRefused("etag", () -> StoredRecord.of("o:a", DATA, 1, null, never));
    assertRefused("expireTime", () -> StoredRecord.of("o:a", DATA, 1, "e1", null));
    assertRefused("etag", () -> new Written(1, null, never));
    assertRefused("expireTime", () -> new Written(1, "e1", null));
    assertRefused("records", () -> new Page(null, "", List.of()));
    assertRefused("nextPageToken", () -> new Page(List.of(), null, List.of()));
    assertRefused("unreadable", () -> new Page(List.of(), "", null));
    assertRefused("key", () -> new Unreadable(null, "torn"));
    assertRefused("problem", () -> new Unreadable("o:a", null));
  }

  @Test
  void ofWhatAFakeStoreThrows() {
    StoredRecord record = StoredRecord.of("o:a", DATA, 1, "e1", Optional.empty());
    assertRefused("code", () -> ErrorFacts.of(null));
    assertRefused("reason", () -> new ErrorFacts(Status.Code.ABORTED, null, null, null));
    assertRefused("facts", () -> new NotFoundException("gone", null));
    assertRefused("actualEtag", () -> new VersionConflictException("late", FACTS, 1, 2, null));
    assertRefused("record", () -> new OutcomeUnknownException("lost", FACTS, null, DATA));
    assertRefused("data", () -> new OutcomeUnknownException("lost", FACTS, record, null));
    assertRefused("unreadable", () -> new UnreadableRecordsException("torn", FACTS, null, 1));
  }

  private static void assertRefused(String name, Executable call) {
    assertEquals(name, assertThrows(NullPointerException.class, call).getMessage());
  }
}
