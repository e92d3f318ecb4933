package io.pannier;

import com.google.protobuf.ByteString;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One version of a record. Immutable: {@link #data()} gives a new array each time.
 *
 * <pre>{@code
 * store.put("alice:colour", "green".getBytes(StandardCharsets.UTF_8));
 * StoredRecord record = store.get("alice:colour");
 * System.out.println(record.dataAsText() + ", version " + record.version());
 * // prints: green, version 1
 * }</pre>
 */
public final class StoredRecord implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String key;
  private final ByteString data;
  private final long version;
  private final String etag;
  private final Instant expireTime;

  StoredRecord(String key, ByteString data, long version, String etag, Instant expireTime) {
    this.key = key;
    this.data = data;
    this.version = version;
    this.etag = etag;
    this.expireTime = expireTime;
  }

  /**
   * Makes a record, for those who write a {@link PannierStore} of their own for tests.
   *
   * @param key its key, {@code owner:name}
   * @param data its data, which is copied
   * @param version its version, from 1 up
   * @param etag its etag
   * @param expireTime when it expires; empty for never
   * @return the record
   */
  public static StoredRecord of(
      String key, byte[] data, long version, String etag, Optional<Instant> expireTime) {
    return new StoredRecord(
        Objects.requireNonNull(key, "key"),
        ByteString.copyFrom(Objects.requireNonNull(data, "data")),
        version,
        Objects.requireNonNull(etag, "etag"),
        Objects.requireNonNull(expireTime, "expireTime").orElse(null));
  }

  /**
   * Returns the record's key.
   *
   * @return the key, {@code owner:name}
   */
  public String key() {
    return key;
  }

  /**
   * Returns the record's data. It is empty in a list of {@linkplain ListOptions#withKeysOnly keys}.
   *
   * @return a new array with the data, which the caller may change
   */
  public byte[] data() {
    return data.toByteArray();
  }

  /**
   * Returns the record's data without copying it.
   *
   * @return a buffer that can only be read
   */
  public ByteBuffer dataAsBuffer() {
    return data.asReadOnlyByteBuffer();
  }

  /**
   * Returns the record's data as text.
   *
   * @return the data decoded as UTF-8; bytes that are none become U+FFFD
   */
  public String dataAsText() {
    return data.toStringUtf8();
  }

  /**
   * Returns the record's version.
   *
   * @return from 1 up, one more with each write; it starts again at 1 when a deleted record is
   *     created again
   */
  public long version() {
    return version;
  }

  /**
   * Returns what names the one write that made this version, also after a delete.
   *
   * @return the etag: opaque, never empty
   */
  public String etag() {
    return etag;
  }

  /**
   * Returns when the record expires.
   *
   * @return the time in whole seconds; empty for never
   */
  public Optional<Instant> expireTime() {
    return Optional.ofNullable(expireTime);
  }

  /** Tells whether the other object is a record of the same key, data, version, etag and expiry. */
  @Override
  public boolean equals(Object other) {
    return other instanceof StoredRecord that
        && version == that.version
        && key.equals(that.key)
        && etag.equals(that.etag)
        && Objects.equals(expireTime, that.expireTime)
        && data.equals(that.data);
  }

  /** Returns a hash of key and etag. */
  @Override
  public int hashCode() {
    return 31 * key.hashCode() + etag.hashCode();
  }

  /** Returns a text with all but the data, of which it tells the size. */
  @Override
  public String toString() {
    return "StoredRecord[key=%s, data=%d bytes, version=%d, etag=%s, expireTime=%s]"
        .formatted(key, data.size(), version, etag, expireTime == null ? "never" : expireTime);
  }
}
