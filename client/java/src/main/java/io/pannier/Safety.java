package io.pannier;

/** What a second attempt at a call could do. */
enum Safety {
  /** It changes nothing that anyone sees. */
  READ,
  /** It is the same, but for the sake of a write that is not sent before it has succeeded. */
  READ_OF_UPDATE,
  /** The sidecar recognises it, or it does no harm: a request id or an etag is there. */
  REPEATABLE_WRITE,
  /** It could undo what someone else wrote since: only if the first was not applied. */
  SINGLE_WRITE;

  /** Tells whether one attempt could have written something. */
  boolean isWrite() {
    return this == REPEATABLE_WRITE || this == SINGLE_WRITE;
  }
}
