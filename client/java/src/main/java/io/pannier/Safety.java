package io.pannier;

/** What a second attempt at a call could do. */
enum Safety {
  /** It changes nothing that anyone sees. */
  READ,
  /** The sidecar recognises it, or it does no harm: a request id or an etag is there. */
  REPEATABLE_WRITE,
  /** It could undo what someone else wrote since: only if the first was not applied. */
  SINGLE_WRITE
}
