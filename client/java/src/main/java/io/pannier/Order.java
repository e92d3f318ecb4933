package io.pannier;

/** The order of a list, by the bytes of the records' keys. */
public enum Order {
  /** Smallest key first. */
  ASCENDING,
  /** Largest key first. */
  DESCENDING
}
