package io.pannier;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * What a write made.
 *
 * @param version the version that it made, from 1 up
 * @param etag the etag of that version
 * @param expireTime when the record expires as the sidecar resolved it, in whole seconds; empty for
 *     never
 */
public record Written(long version, String etag, Optional<Instant> expireTime) {

  /**
   * Keeps the facts.
   *
   * @param version from 1 up
   * @param etag not null
   * @param expireTime empty for never, not null
   */
  public Written {
    Objects.requireNonNull(etag, "etag");
    Objects.requireNonNull(expireTime, "expireTime");
  }
}
