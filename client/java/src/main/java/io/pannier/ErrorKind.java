package io.pannier;

import io.grpc.Status.Code;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiFunction;

/** Which exception says an error best: one for each status, and some for a reason of it. */
enum ErrorKind {
  NOT_FOUND(Code.NOT_FOUND, NotFoundException::new),
  VERSION_CONFLICT(
      Code.ABORTED,
      (message, facts, details) ->
          new VersionConflictException(
              message,
              facts,
              details.conflict().getExpectedVersion(),
              details.conflict().getActualVersion(),
              details.conflict().getActualEtag())),
  ALREADY_EXISTS(Code.ALREADY_EXISTS, AlreadyExistsException::new),
  INVALID_ARGUMENT(Code.INVALID_ARGUMENT, InvalidArgumentException::new),
  UNAUTHENTICATED(Code.UNAUTHENTICATED, UnauthenticatedException::new),
  PERMISSION_DENIED(Code.PERMISSION_DENIED, PermissionDeniedException::new),
  THROTTLED(
      Code.RESOURCE_EXHAUSTED,
      (message, facts, details) -> new ThrottledException(message, facts, details.retryDelay())),
  STORE_MISCONFIGURED(Code.FAILED_PRECONDITION, StoreMisconfiguredException::new),
  UNAVAILABLE(Code.UNAVAILABLE, UnavailableException::new),
  DEADLINE_EXCEEDED(Code.DEADLINE_EXCEEDED, DeadlineExceededException::new),
  CORRUPT_RECORD(Code.DATA_LOSS, CorruptRecordException::new),
  INTERNAL_ERROR(Code.INTERNAL, InternalErrorException::new),
  OTHER(Code.UNKNOWN, PannierException::new),

  DATA_TOO_LARGE(
      Code.INVALID_ARGUMENT,
      (message, facts, details) ->
          new DataTooLargeException(
              message,
              facts,
              details.tooLarge().getActualBytes(),
              details.tooLarge().getLimitBytes())),
  REQUEST_ID_REUSED(Code.INVALID_ARGUMENT, RequestIdReusedException::new),
  OVERLOADED(
      Code.RESOURCE_EXHAUSTED,
      (message, facts, details) -> new OverloadedException(message, facts, details.retryDelay())),

  STORE_CLOSED(Code.CANCELLED, StoreClosedException::new),
  CALL_CANCELLED(Code.CANCELLED, CallCancelledException::new);

  private static final Map<String, ErrorKind> BY_REASON =
      Map.of(
          "DATA_TOO_LARGE", DATA_TOO_LARGE,
          "REQUEST_ID_REUSED", REQUEST_ID_REUSED,
          "OVERLOADED", OVERLOADED);
  private static final Map<Code, ErrorKind> BY_CODE = new EnumMap<>(Code.class);

  static {
    for (ErrorKind kind : values()) {
      // The sidecar's own errors come first; CANCELLED is no answer of a sidecar.
      if (kind.code != Code.CANCELLED) {
        BY_CODE.putIfAbsent(kind.code, kind);
      }
    }
  }

  private final Code code;

  @SuppressWarnings("ImmutableEnumChecker") // These lambdas hold nothing.
  private final Maker maker;

  ErrorKind(Code code, BiFunction<String, ErrorFacts, PannierException> maker) {
    this(code, (message, facts, details) -> maker.apply(message, facts));
  }

  ErrorKind(Code code, Maker maker) {
    this.code = code;
    this.maker = maker;
  }

  /** Returns the kind for a status and a reason; the status decides where they do not fit. */
  static ErrorKind of(Code code, String reason) {
    ErrorKind byReason = BY_REASON.get(reason);
    boolean fits = byReason != null && byReason.code == code;
    return fits ? byReason : BY_CODE.getOrDefault(code, OTHER);
  }

  /** The status of such errors where there is no other. */
  Code code() {
    return code;
  }

  PannierException exception(String message, ErrorFacts facts, StatusDetails details) {
    return maker.make(message, facts, details);
  }

  private interface Maker {
    PannierException make(String message, ErrorFacts facts, StatusDetails details);
  }
}
