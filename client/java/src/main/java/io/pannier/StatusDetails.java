package io.pannier;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Metadata;
import io.pannier.v1.DataTooLarge;
import io.pannier.v1.VersionConflict;
import java.time.Duration;

/**
 * What the details of an error say, as far as they are there.
 *
 * <p>They travel in the trailing metadata {@code grpc-status-details-bin} as a google.rpc.Status
 * (AIP-193). What is missing, malformed or unknown there is left out, never a second error.
 *
 * @param reason empty where it is absent
 * @param writeOutcome null where it is absent
 * @param retryDelay null where it is absent
 * @param conflict empty where it is absent
 * @param tooLarge empty where it is absent
 */
record StatusDetails(
    String reason,
    WriteOutcome writeOutcome,
    Duration retryDelay,
    VersionConflict conflict,
    DataTooLarge tooLarge) {

  static final StatusDetails NONE =
      new StatusDetails(
          "", null, null, VersionConflict.getDefaultInstance(), DataTooLarge.getDefaultInstance());

  static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static final String DOMAIN = "pannier";

  /** Reads the details in trailing metadata, which may be null. */
  static StatusDetails read(Metadata trailers) {
    byte[] encoded = trailers == null ? null : trailers.get(TRAILER);
    if (encoded == null) {
      return NONE;
    }
    StatusDetails details = NONE;
    try {
      for (Any detail : Status.parseFrom(encoded).getDetailsList()) {
        details = details.with(detail);
      }
    } catch (InvalidProtocolBufferException malformed) {
      return NONE;
    }
    return details;
  }

  private StatusDetails with(Any detail) {
    if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = unpacked(detail, ErrorInfo.getDefaultInstance());
      return info.getDomain().equals(DOMAIN) ? with(info) : this;
    }
    if (detail.is(RetryInfo.class)) {
      return with(unpacked(detail, RetryInfo.getDefaultInstance()));
    }
    if (detail.is(VersionConflict.class)) {
      VersionConflict found = unpacked(detail, VersionConflict.getDefaultInstance());
      return new StatusDetails(reason, writeOutcome, retryDelay, found, tooLarge);
    }
    if (detail.is(DataTooLarge.class)) {
      DataTooLarge found = unpacked(detail, DataTooLarge.getDefaultInstance());
      return new StatusDetails(reason, writeOutcome, retryDelay, conflict, found);
    }
    return this;
  }

  private StatusDetails with(ErrorInfo info) {
    WriteOutcome outcome =
        switch (info.getMetadataOrDefault("write_outcome", "")) {
          case "not_applied" -> WriteOutcome.NOT_APPLIED;
          case "unknown" -> WriteOutcome.UNKNOWN;
          default -> null;
        };
    return new StatusDetails(info.getReason(), outcome, retryDelay, conflict, tooLarge);
  }

  private StatusDetails with(RetryInfo info) {
    var found = info.getRetryDelay();
    Duration delay = Duration.ofSeconds(found.getSeconds(), found.getNanos());
    Duration notBelowZero = delay.isNegative() ? Duration.ZERO : delay;
    return new StatusDetails(reason, writeOutcome, notBelowZero, conflict, tooLarge);
  }

  @SuppressWarnings("unchecked")
  private static <M extends Message> M unpacked(Any detail, M empty) {
    try {
      return (M) empty.getParserForType().parseFrom(detail.getValue());
    } catch (InvalidProtocolBufferException malformed) {
      return empty;
    }
  }
}
