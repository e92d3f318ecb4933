package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.pannier.v1.ListByPrefixRequest;
import io.pannier.v1.PutRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What callers say in options is what requests carry; what makes no sense is refused. */
class OptionsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  @Test
  void aTtlBecomesATimeOncePerCall() {
    Expiry expiry = Expiry.after(Duration.ofMillis(1_500)).resolved(NOW);
    assertEquals(NOW.plusMillis(1_500), Expiry.instant(expiry.time()));
    assertEquals(expiry, expiry.resolved(NOW.plusSeconds(60)));
  }

  @Test
  void aTtlThatIsNotAboveZeroIsRefused() {
    assertRefused("ttl must be above 0, not PT0S", () -> WriteOptions.ttl(Duration.ZERO));
    assertRefused("neverExpires()", () -> UpdateOptions.ttl(SECOND.negated()));
  }

  @Test
  void aTtlBeyondTheYear9999IsRefused() {
    Expiry expiry = Expiry.after(Duration.ofDays(8_000 * 366L));
    assertRefused("ttl reaches beyond the year 9999", () -> expiry.resolved(NOW));
    Expiry longest = Expiry.after(Duration.ofSeconds(Long.MAX_VALUE));
    assertRefused("ttl reaches beyond the year 9999", () -> longest.resolved(NOW));
  }

  @Test
  void expiryIsSetInOneWayOrNotAtAll() {
    assertEquals(PutRequest.ExpiryCase.EXPIRY_NOT_SET, expiry(WriteOptions.defaults()));
    assertEquals(PutRequest.ExpiryCase.EXPIRE_TIME, expiry(WriteOptions.ttl(SECOND)));
    assertEquals(PutRequest.ExpiryCase.EXPIRE_TIME, expiry(WriteOptions.expireTime(NOW)));
    assertEquals(PutRequest.ExpiryCase.NEVER_EXPIRES, expiry(WriteOptions.neverExpires()));
  }

  @Test
  void aRecordsOwnExpiryIsKept() {
    assertEquals(Expiry.NEVER, Expiry.kept(Optional.empty()));
    assertEquals(Expiry.at(NOW), Expiry.kept(Optional.of(NOW)));
  }

  @Test
  void eachCallHasARequestIdOfItsOwnUnlessItIsGivenOne() {
    byte[] data = {};
    String first = Messages.put("o:a", data, WriteOptions.defaults()).getRequestId();
    String second = Messages.put("o:a", data, WriteOptions.defaults()).getRequestId();
    assertEquals(4, UUID.fromString(first).version());
    assertFalse(first.equals(second));
    UUID given = UUID.randomUUID();
    WriteOptions options = WriteOptions.ttl(SECOND).withRequestId(given).withTimeout(SECOND);
    assertEquals(given.toString(), Messages.put("o:a", data, options).getRequestId());
    assertEquals(PutRequest.ExpiryCase.EXPIRE_TIME, expiry(options));
  }

  @Test
  void optionsOfAListAreWhatItsRequestCarries() {
    ListOptions options =
        ListOptions.defaults()
            .withPageSize(7)
            .withPageToken("t")
            .withLimit(9)
            .withKeysOnly()
            .withOrder(Order.DESCENDING)
            .withConsistency(Consistency.EVENTUAL)
            .withTimeout(SECOND);
    ListByPrefixRequest expected =
        ListByPrefixRequest.newBuilder()
            .setPrefix("o:")
            .setPageSize(7)
            .setPageToken("t")
            .setLimit(9)
            .setKeysOnly(true)
            .setOrder(io.pannier.v1.Order.ORDER_DESCENDING)
            .setConsistency(io.pannier.v1.Consistency.CONSISTENCY_EVENTUAL)
            .build();
    assertEquals(expected, Messages.list("o:", options));
    assertEquals(SECOND, options.timeout());
    assertEquals("", ListOptions.defaults().pageToken());
  }

  @Test
  void numbersThatMakeNoSenseAreRefused() {
    assertRefused("pageSize", () -> ListOptions.defaults().withPageSize(-1));
    assertRefused("limit", () -> ListOptions.defaults().withLimit(-1));
    assertRefused("limit", () -> CleanupOptions.defaults().withLimit(-1));
    assertRefused("expectedVersion", () -> DeleteOptions.expectedVersion(0));
    try (PannierStore store = Pannier.connect("localhost:1")) {
      assertRefused("expectedVersion", () -> store.putIfVersion("o:a", new byte[0], -1));
    }
  }

  @Test
  void aTimeoutThatIsNotAboveZeroIsRefused() {
    assertRefused("timeout", () -> ReadOptions.defaults().withTimeout(Duration.ZERO));
    assertRefused("timeout", () -> WriteOptions.defaults().withTimeout(Duration.ZERO));
    assertRefused("timeout", () -> UpdateOptions.defaults().withTimeout(Duration.ZERO));
    assertRefused("timeout", () -> DeleteOptions.defaults().withTimeout(Duration.ZERO));
    assertRefused("timeout", () -> ListOptions.defaults().withTimeout(Duration.ZERO));
    assertRefused("timeout", () -> CleanupOptions.defaults().withTimeout(SECOND.negated()));
    assertRefused("timeout", () -> Pannier.builder().timeout(Duration.ZERO));
  }

  @Test
  void retriesThatMakeNoSenseAreRefused() {
    assertRefused("maxAttempts", () -> RetryPolicy.defaults().withMaxAttempts(0));
    assertRefused("initialBackoff", () -> new RetryPolicy(1, Duration.ZERO, SECOND));
    assertRefused("maxBackoff", () -> new RetryPolicy(1, SECOND, Duration.ofMillis(999)));
  }

  @Test
  void pausesGrowToTheLongestAndNoFurther() {
    RetryPolicy policy = new RetryPolicy(9, Duration.ofNanos(1_000), Duration.ofNanos(4_000));
    for (int attempts = 1; attempts < 5_000; attempts++) {
      long longest = attempts < 3 ? 1_000L << (attempts - 1) : 4_000;
      long pause = policy.backoffNanos(attempts);
      assertTrue(pause >= 0 && pause < longest, () -> pause + " of " + longest);
    }
  }

  @Test
  void aTokenThatNoHeaderCanCarryIsRefused() {
    assertRefused("token", () -> Pannier.builder().token(""));
    assertRefused("token", () -> Pannier.builder().token("a\nb"));
    assertRefused("token", () -> Pannier.builder().token("é"));
    assertRefused("x-y", () -> Pannier.builder().metadata("x-y", "a\nb"));
  }

  private static PutRequest.ExpiryCase expiry(WriteOptions options) {
    return Messages.put("o:a", new byte[0], options).getExpiryCase();
  }

  private static void assertRefused(String why, Runnable call) {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(error.getMessage().contains(why), error.getMessage());
  }
}
