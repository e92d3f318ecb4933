package io.pannier;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Locale;

/**
 * One failed attempt at a call. It becomes an exception only where there is no other attempt.
 *
 * @param kind which exception it would be
 * @param code its status
 * @param message for people
 * @param details what the sidecar said besides
 * @param writeOutcome whether this attempt may have been applied; null where that was not said
 * @param cause gRPC's error; null where this side ended the call
 */
record Failure(
    ErrorKind kind,
    Code code,
    String message,
    StatusDetails details,
    WriteOutcome writeOutcome,
    Throwable cause) {

  /**
   * What gRPC says where a stream was reset or its connection went away: HTTP/2's error codes
   * become INTERNAL and UNKNOWN (Status codes and their use in gRPC).
   */
  private static final List<String> BROKEN_STREAM =
      List.of(
          "rst_stream",
          "stream removed",
          "connection reset",
          "socket closed",
          "channel closed",
          "network closed");

  /** Returns a failure for a reason on this side. */
  static Failure local(ErrorKind kind, String message, WriteOutcome writeOutcome, Throwable cause) {
    return new Failure(kind, kind.code(), message, StatusDetails.NONE, writeOutcome, cause);
  }

  /**
   * Reads gRPC's error.
   *
   * @param address where the sidecar was expected, for the message where it is not there
   */
  static Failure read(StatusRuntimeException cause, String address) {
    Status status = cause.getStatus();
    Code code = status.getCode();
    StatusDetails details = StatusDetails.read(cause.getTrailers());
    String reason = details.reason();
    boolean broken = reason.isEmpty() && isBrokenStream(status);
    ErrorKind kind = broken ? ErrorKind.UNAVAILABLE : ErrorKind.of(code, reason);
    String text = reason.isEmpty() ? explain(status, broken, address) : description(status);
    return new Failure(kind, code, text, details, details.writeOutcome(), cause);
  }

  /** Returns this as it is where nothing of the call can have reached the sidecar. */
  Failure neverSent() {
    return new Failure(kind, code, message, details, WriteOutcome.NOT_APPLIED, cause);
  }

  /** Returns the exception for a call that ends with this, with the outcome of all its attempts. */
  PannierException exception(WriteOutcome ofAllAttempts) {
    ErrorFacts facts = new ErrorFacts(code, details.reason(), ofAllAttempts, cause);
    return kind.exception(message, facts, details);
  }

  /**
   * Tells whether an error that the sidecar did not make means a lost connection. The caller's own
   * cancellation never gets here, so CANCELLED is a stream that the other side reset.
   */
  private static boolean isBrokenStream(Status status) {
    if (status.getCode() == Code.UNKNOWN || status.getCode() == Code.INTERNAL) {
      String text = description(status).toLowerCase(Locale.ROOT);
      return BROKEN_STREAM.stream().anyMatch(text::contains);
    }
    return status.getCode() == Code.CANCELLED;
  }

  /** Returns a message for an error that is not from the sidecar's service itself. */
  private static String explain(Status status, boolean broken, String address) {
    Code code = status.getCode();
    if (code == Code.UNAVAILABLE || broken) {
      return "no answer from the sidecar at %s; is it running there? (%s)"
          .formatted(address, plain(status));
    }
    return switch (code) {
      case DEADLINE_EXCEEDED ->
          "no answer from the sidecar at %s in time; is it running there?".formatted(address);
      case UNIMPLEMENTED ->
          "what answers at %s is no Pannier sidecar, or of another version".formatted(address);
      default -> {
        String text = description(status);
        yield text.isEmpty() ? "the call failed with " + code : text;
      }
    };
  }

  private static String description(Status status) {
    return status.getDescription() == null ? "" : status.getDescription();
  }

  /** Returns gRPC's text without its picture of the connection, and what the system said. */
  private static String plain(Status status) {
    String text = description(status).lines().findFirst().orElse("");
    Throwable cause = status.getCause();
    if (cause == null || cause.getMessage() == null) {
      return text;
    }
    return text.isEmpty() ? cause.getMessage() : text + ": " + cause.getMessage();
  }
}
