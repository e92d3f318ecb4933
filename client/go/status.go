package pannier

import (
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

const errorDomain = "pannier"

var kindsByCode = map[codes.Code]error{
	codes.NotFound:           ErrNotFound,
	codes.Aborted:            ErrVersionConflict,
	codes.AlreadyExists:      ErrAlreadyExists,
	codes.InvalidArgument:    ErrInvalidArgument,
	codes.Unauthenticated:    ErrUnauthenticated,
	codes.PermissionDenied:   ErrPermissionDenied,
	codes.ResourceExhausted:  ErrThrottled,
	codes.FailedPrecondition: ErrStoreMisconfigured,
	codes.Unavailable:        ErrUnavailable,
	codes.DeadlineExceeded:   ErrDeadlineExceeded,
	codes.DataLoss:           ErrCorruptRecord,
	codes.Internal:           ErrInternal,
}

// kindsByReason are those that tell more than their status code.
var kindsByReason = map[string]struct {
	code codes.Code
	kind error
}{
	"DATA_TOO_LARGE":    {codes.InvalidArgument, ErrDataTooLarge},
	"REQUEST_ID_REUSED": {codes.InvalidArgument, ErrRequestIDReused},
	"OVERLOADED":        {codes.ResourceExhausted, ErrOverloaded},
}

// What gRPC's runtimes say where a stream was reset or its connection went away
// (HTTP/2 error codes become INTERNAL, UNKNOWN and others there).
var brokenStreamTexts = []string{
	"rst_stream", "stream removed", "connection reset", "socket closed",
	"without sending trailers", "unexpected eof",
}

// statusDetails are what the details of a status say, as far as they are there.
type statusDetails struct {
	reason       string
	writeOutcome WriteOutcome
	retry        *errdetails.RetryInfo
	conflict     *pb.VersionConflict
	tooLarge     *pb.DataTooLarge
}

// readStatus returns the error for a gRPC error. The address is for the message
// where no sidecar answers.
func readStatus(cause error, address string) error {
	answer := status.Convert(cause)
	details := readDetails(answer.Proto().GetDetails())
	message := answer.Message()
	if details.reason == "" {
		message = explain(answer.Code(), message, address)
	}
	return withFacts(details, &Error{
		Message:      message,
		Code:         answer.Code(),
		Reason:       details.reason,
		WriteOutcome: details.writeOutcome,
		Kind:         kindOf(answer.Code(), answer.Message(), details.reason),
		Err:          cause,
	})
}

// withFacts returns the error in the type that holds the facts of its kind.
func withFacts(details statusDetails, shared *Error) error {
	switch shared.Kind {
	case ErrVersionConflict:
		return &VersionConflictError{
			ExpectedVersion: details.conflict.GetExpectedVersion(),
			ActualVersion:   details.conflict.GetActualVersion(),
			ActualETag:      details.conflict.GetActualEtag(),
			Err:             shared,
		}
	case ErrDataTooLarge:
		return &DataTooLargeError{
			ActualBytes: details.tooLarge.GetActualBytes(),
			LimitBytes:  details.tooLarge.GetLimitBytes(),
			Err:         shared,
		}
	case ErrThrottled, ErrOverloaded:
		return &ThrottledError{
			Retry: details.retry != nil, RetryDelay: readDelay(details.retry), Err: shared,
		}
	default:
		return shared
	}
}

func kindOf(code codes.Code, text, reason string) error {
	if reason == "" && isBrokenStream(code, text) {
		return ErrUnavailable
	}
	if known, ok := kindsByReason[reason]; ok && known.code == code {
		return known.kind
	}
	return kindsByCode[code]
}

// isBrokenStream tells whether an error that the sidecar did not make means a lost
// connection. The caller's own cancellation never gets here, so Canceled is a
// stream that the other side reset (RST_STREAM with CANCEL).
func isBrokenStream(code codes.Code, text string) bool {
	if code != codes.Unknown && code != codes.Internal {
		return code == codes.Canceled
	}
	text = strings.ToLower(text)
	for _, words := range brokenStreamTexts {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// explain returns a message for an error that is not from the sidecar's service
// itself.
func explain(code codes.Code, text, address string) string {
	switch {
	case code == codes.Unavailable || isBrokenStream(code, text):
		return fmt.Sprintf("no answer from the sidecar at %s; is it running there? (%s)", address, text)
	case code == codes.DeadlineExceeded:
		return fmt.Sprintf("no answer from the sidecar at %s in time; is it running there?", address)
	case code == codes.Unimplemented:
		return fmt.Sprintf("what answers at %s is no Pannier sidecar, or of another version", address)
	case text == "":
		return fmt.Sprintf("the call failed with %s", code)
	default:
		return text
	}
}

// readDetails returns what the details of a status say (AIP-193). What is missing,
// malformed or unknown there is left out, never a second error.
func readDetails(packed []*anypb.Any) statusDetails {
	var details statusDetails
	for _, detail := range packed {
		switch detail.MessageName() {
		case "google.rpc.ErrorInfo":
			var info errdetails.ErrorInfo
			if unpack(detail, &info) && info.GetDomain() == errorDomain {
				details.reason = info.GetReason()
				details.writeOutcome = readOutcome(info.GetMetadata()["write_outcome"])
			}
		case "google.rpc.RetryInfo":
			details.retry = unpacked(detail, &errdetails.RetryInfo{})
		case "pannier.v1.VersionConflict":
			details.conflict = unpacked(detail, &pb.VersionConflict{})
		case "pannier.v1.DataTooLarge":
			details.tooLarge = unpacked(detail, &pb.DataTooLarge{})
		}
	}
	return details
}

func unpack(detail *anypb.Any, into proto.Message) bool {
	return proto.Unmarshal(detail.GetValue(), into) == nil
}

func unpacked[M proto.Message](detail *anypb.Any, into M) M {
	if !unpack(detail, into) {
		proto.Reset(into)
	}
	return into
}

func readOutcome(text string) WriteOutcome {
	switch text {
	case "not_applied":
		return OutcomeNotApplied
	case "unknown":
		return OutcomeUnknown
	default:
		return OutcomeNone
	}
}

func readDelay(retry *errdetails.RetryInfo) time.Duration {
	const longest = math.MaxInt64 / 2 // so that adding to it does not overflow
	return min(max(0, retry.GetRetryDelay().AsDuration()), longest)
}
