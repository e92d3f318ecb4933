package io.pannier;

/** How fresh a read must be. */
public enum Consistency {
  /** The read sees every write that was answered before it began. */
  STRONG,
  /** The read may miss recent writes. On DynamoDB it costs half as much. */
  EVENTUAL
}
