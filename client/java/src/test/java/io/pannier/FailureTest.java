package io.pannier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pannier.v1.DataTooLarge;
import io.pannier.v1.VersionConflict;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** gRPC's errors become the exceptions that say them best, with their facts. */
class FailureTest {
  private static final String ADDRESS = "unix:/run/p.sock";

  @Test
  void everyStatusBecomesAnExceptionWithItsCode() {
    for (Status.Code code : Status.Code.values()) {
      if (code != Status.Code.OK) {
        PannierException error = read(code.toStatus(), info("SOMETHING_NEW"));
        assertEquals(code, error.code());
        assertEquals("SOMETHING_NEW", error.reason());
      }
    }
    assertSame(PannierException.class, read(Status.OUT_OF_RANGE, info("NEW")).getClass());
    assertInstanceOf(NotFoundException.class, read(Status.NOT_FOUND, info("NEW")));
  }

  @Test
  void aConflictTellsWhatIsThere() {
    VersionConflict conflict =
        VersionConflict.newBuilder()
            .setExpectedVersion(1)
            .setActualVersion(Long.MAX_VALUE)
            .setActualEtag("e")
            .build();
    VersionConflictException error =
        assertInstanceOf(
            VersionConflictException.class,
            read(Status.ABORTED, info("VERSION_CONFLICT"), conflict));
    assertEquals(1, error.expectedVersion());
    assertEquals(Long.MAX_VALUE, error.actualVersion());
    assertEquals("e", error.actualEtag());
  }

  @Test
  void dataThatIsTooLargeTellsBothSizes() {
    DataTooLarge sizes = DataTooLarge.newBuilder().setActualBytes(5).setLimitBytes(4).build();
    DataTooLargeException error =
        assertInstanceOf(
            DataTooLargeException.class,
            read(Status.INVALID_ARGUMENT, info("DATA_TOO_LARGE"), sizes));
    assertEquals(5, error.actualBytes());
    assertEquals(4, error.limitBytes());
  }

  @Test
  void throttlingTellsItsDelay() {
    RetryInfo retry =
        RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setNanos(250_000_000)).build();
    OverloadedException error =
        assertInstanceOf(
            OverloadedException.class, read(Status.RESOURCE_EXHAUSTED, info("OVERLOADED"), retry));
    assertEquals(Optional.of(java.time.Duration.ofMillis(250)), error.retryDelay());
    RetryInfo past =
        RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setSeconds(-1)).build();
    ThrottledException other =
        (ThrottledException) read(Status.RESOURCE_EXHAUSTED, info("THROTTLED"), past);
    assertEquals(Optional.of(java.time.Duration.ZERO), other.retryDelay());
  }

  @Test
  void aReasonThatDoesNotFitItsStatusIsTreatedByTheStatus() {
    PannierException error = read(Status.NOT_FOUND, info("DATA_TOO_LARGE"));
    assertSame(NotFoundException.class, error.getClass());
    assertEquals("DATA_TOO_LARGE", error.reason());
  }

  @Test
  void detailsOfOthersAreNotOurs() {
    ErrorInfo theirs =
        ErrorInfo.newBuilder()
            .setReason("OTHER")
            .setDomain("example.org")
            .putMetadata("write_outcome", "not_applied")
            .build();
    PannierException error = read(Status.NOT_FOUND, theirs);
    assertEquals("", error.reason());
    assertEquals(Optional.of(WriteOutcome.UNKNOWN), error.writeOutcome());
  }

  @Test
  void malformedDetailsAreNoSecondError() {
    Metadata trailers = new Metadata();
    trailers.put(StatusDetails.TRAILER, new byte[] {-1, -1, -1, -1, -1});
    assertInstanceOf(NotFoundException.class, exception(Status.NOT_FOUND, trailers));
    Any torn =
        Any.newBuilder()
            .setTypeUrl("type.googleapis.com/pannier.v1.VersionConflict")
            .setValue(ByteString.copyFrom(new byte[] {-1}))
            .build();
    VersionConflictException error =
        (VersionConflictException) exception(Status.ABORTED, trailers(torn));
    assertEquals(0, error.actualVersion());
  }

  @ParameterizedTest
  @CsvSource({
    "CANCELLED, whatever",
    "INTERNAL, RST_STREAM closed stream. HTTP/2 error code: INTERNAL_ERROR",
    "UNKNOWN, channel closed",
    "UNAVAILABLE, Network closed for unknown reason",
  })
  void aBrokenStreamIsALostConnection(Status.Code code, String text) {
    Status status = code.toStatus().withDescription(text);
    PannierException error = exception(status, null);
    assertInstanceOf(UnavailableException.class, error);
    assertEquals(code, error.code());
    assertTrue(error.getMessage().contains("is it running there"), error.getMessage());
    assertTrue(error.getMessage().contains(ADDRESS), error.getMessage());
  }

  @Test
  void theSidecarsOwnErrorIsNoBrokenStream() {
    Status status = Status.INTERNAL.withDescription("a bug about rst_stream");
    InternalErrorException error =
        assertInstanceOf(InternalErrorException.class, read(status, info("INTERNAL")));
    assertEquals("a bug about rst_stream", error.getMessage());
  }

  @Test
  void theSystemsWordsAreInTheMessageButNotGrpcsPictureOfTheConnection() {
    Status status =
        Status.UNAVAILABLE
            .withDescription("io exception\nChannel Pipeline: [a, b]")
            .withCause(new java.net.ConnectException("Connection refused"));
    assertEquals(
        "no answer from the sidecar at unix:/run/p.sock; is it running there?"
            + " (io exception: Connection refused)",
        exception(status, null).getMessage());
  }

  @Test
  void anErrorWithoutWordsHasSomeAllTheSame() {
    assertEquals("the call failed with OUT_OF_RANGE", read(Status.OUT_OF_RANGE).getMessage());
    assertTrue(read(Status.UNIMPLEMENTED).getMessage().contains("no Pannier sidecar"));
    assertTrue(read(Status.DEADLINE_EXCEEDED).getMessage().contains("in time"));
  }

  private static ErrorInfo info(String reason) {
    return ErrorInfo.newBuilder().setReason(reason).setDomain("pannier").build();
  }

  private static PannierException read(Status status, Message... details) {
    Any[] packed = new Any[details.length];
    for (int i = 0; i < details.length; i++) {
      packed[i] = Any.pack(details[i]);
    }
    return exception(status, trailers(packed));
  }

  private static Metadata trailers(Any... details) {
    var status = com.google.rpc.Status.newBuilder().addAllDetails(java.util.List.of(details));
    Metadata trailers = new Metadata();
    trailers.put(StatusDetails.TRAILER, status.build().toByteArray());
    return trailers;
  }

  private static PannierException exception(Status status, Metadata trailers) {
    StatusRuntimeException cause = status.asRuntimeException(trailers);
    Failure failure = Failure.read(cause, ADDRESS);
    PannierException error = failure.exception(WriteOutcome.UNKNOWN);
    assertSame(cause, error.getCause());
    return error;
  }
}
