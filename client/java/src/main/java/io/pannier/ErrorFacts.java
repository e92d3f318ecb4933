package io.pannier;

import io.grpc.Status;
import java.util.Objects;

/**
 * What is known of every failed call, whatever its kind.
 *
 * <p>Those who write a {@link PannierStore} of their own for tests need it to make errors:
 *
 * <pre>{@code
 * PannierException error =
 *     new NotFoundException("no live record", ErrorFacts.of(Status.Code.NOT_FOUND));
 * System.out.println(error.code());
 * // prints: NOT_FOUND
 * }</pre>
 *
 * @param code the gRPC status code
 * @param reason the contract's reason without its prefix, such as {@code KEY_INVALID}; empty where
 *     the sidecar did not send one
 * @param writeOutcome for a failed write, whether it may have been applied; null for reads
 * @param cause what it came from, such as gRPC's error; null where there is nothing
 */
public record ErrorFacts(
    Status.Code code, String reason, WriteOutcome writeOutcome, Throwable cause) {

  /**
   * Keeps the facts.
   *
   * @param code not null
   * @param reason not null
   * @param writeOutcome or null
   * @param cause or null
   */
  public ErrorFacts {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(reason, "reason");
  }

  /**
   * Returns the facts of an error of which only the status is known.
   *
   * @param code the gRPC status code
   * @return the facts
   */
  public static ErrorFacts of(Status.Code code) {
    return new ErrorFacts(code, "", null, null);
  }
}
