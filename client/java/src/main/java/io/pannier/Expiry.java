package io.pannier;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * When a record expires: what a caller says, and what a request carries.
 *
 * @param ttl how long it lives, counted from the call; null where that is not what was said
 * @param time when it expires; null where that is not what was said
 * @param never that it never expires
 */
record Expiry(Duration ttl, Timestamp time, boolean never) {
  /** Nothing was said. */
  static final Expiry UNSAID = new Expiry(null, null, false);

  static final Expiry NEVER = new Expiry(null, null, true);

  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  static Expiry after(Duration ttl) {
    Objects.requireNonNull(ttl, "ttl");
    // Elsewhere 0 and -1 often mean "never"; here they would delete the record at once.
    if (ttl.isNegative() || ttl.isZero()) {
      throw new IllegalArgumentException(
          "ttl must be above 0, not %s; for a record that never expires use neverExpires()"
              .formatted(ttl));
    }
    return new Expiry(ttl, null, false);
  }

  static Expiry at(Instant time) {
    return new Expiry(null, timestamp(Objects.requireNonNull(time, "expireTime")), false);
  }

  /** Returns the expiry that leaves a record's own as it is, whatever its data says. */
  static Expiry kept(Optional<Instant> expireTime) {
    return expireTime.map(Expiry::at).orElse(NEVER);
  }

  /** Returns this with a time in place of the ttl: once for each call, not for each attempt. */
  Expiry resolved(Instant now) {
    if (ttl == null) {
      return this;
    }
    if (ttl.compareTo(Duration.between(now, LATEST)) > 0) {
      throw new IllegalArgumentException(
          "ttl reaches beyond the year 9999; use neverExpires() instead");
    }
    return at(now.plus(ttl));
  }

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  private static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}
