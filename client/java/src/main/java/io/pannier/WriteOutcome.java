package io.pannier;

/** Whether a failed write may have changed the store. */
public enum WriteOutcome {
  /** Nothing was written. */
  NOT_APPLIED,
  /** It may have been written: read the record to find out. */
  UNKNOWN
}
