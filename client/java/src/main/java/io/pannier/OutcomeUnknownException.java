package io.pannier;

import java.util.Objects;

/**
 * An update failed and may have been applied all the same.
 *
 * <p>Read the record again to find out. To try again could apply the change twice, so that is the
 * caller's choice. The {@linkplain #getCause() cause} is the error of the write; code and reason
 * are its own.
 */
public final class OutcomeUnknownException extends PannierException {
  private static final long serialVersionUID = 1L;

  private final StoredRecord record;
  private final byte[] data;

  /**
   * Makes an error.
   *
   * @param message what is wrong, for people
   * @param facts what is known of it
   * @param record the record that the change started from
   * @param data the data that may have been written over it
   */
  public OutcomeUnknownException(
      String message, ErrorFacts facts, StoredRecord record, byte[] data) {
    super(message, facts);
    this.record = Objects.requireNonNull(record, "record");
    this.data = Objects.requireNonNull(data, "data").clone();
  }

  /**
   * Returns the record that the change started from.
   *
   * @return the record as it was read
   */
  public StoredRecord record() {
    return record;
  }

  /**
   * Returns the data that may have been written over the record.
   *
   * @return a copy of it
   */
  public byte[] data() {
    return data.clone();
  }
}
