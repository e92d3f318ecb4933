package io.pannier;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ReadOnlyBufferException;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A record is a value that nobody can change. */
class StoredRecordTest {
  private final byte[] data = {1, 2, 3};
  private final StoredRecord record = record(data, "e1");

  @Test
  void changingAnArrayDoesNotChangeTheRecord() {
    data[0] = 9;
    record.data()[1] = 9;
    assertArrayEquals(new byte[] {1, 2, 3}, record.data());
    assertThrows(ReadOnlyBufferException.class, () -> record.dataAsBuffer().put((byte) 9));
  }

  @Test
  void recordsAreEqualByTheirFields() {
    assertEquals(record, record(new byte[] {1, 2, 3}, "e1"));
    assertEquals(record.hashCode(), record(new byte[] {1, 2, 3}, "e1").hashCode());
    assertNotEquals(record, record(new byte[] {1, 2, 3}, "e2"));
    assertNotEquals(record, record(new byte[] {1, 2, 4}, "e1"));
  }

  @Test
  void itsTextTellsTheSizeOfTheDataOnly() {
    assertEquals(
        "StoredRecord[key=o:a, data=3 bytes, version=1, etag=e1, expireTime=1970-01-01T00:00:00Z]",
        record.toString());
  }

  private static StoredRecord record(byte[] data, String etag) {
    return StoredRecord.of("o:a", data, 1, etag, Optional.of(Instant.EPOCH));
  }
}
