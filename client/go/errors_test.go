package pannier_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// failedPut returns the error of a put that gets this answer, tried once.
func failedPut(t *testing.T, answer error) error {
	t.Helper()
	store := connectTo(t, &fakeSidecar{put: func(context.Context, *pb.PutRequest) (*pb.PutResponse, error) {
		return nil, answer
	}}, pannier.WithoutRetries())
	_, err := store.Put(context.Background(), "o:a", nil)
	return err
}

func TestEachKindOfErrorHasASentinel(t *testing.T) {
	for reason, want := range map[string]struct {
		code     codes.Code
		sentinel error
		also     error
	}{
		"RECORD_NOT_FOUND":   {codes.NotFound, pannier.ErrNotFound, nil},
		"VERSION_CONFLICT":   {codes.Aborted, pannier.ErrVersionConflict, nil},
		"RECORD_EXISTS":      {codes.AlreadyExists, pannier.ErrAlreadyExists, nil},
		"KEY_INVALID":        {codes.InvalidArgument, pannier.ErrInvalidArgument, nil},
		"DATA_TOO_LARGE":     {codes.InvalidArgument, pannier.ErrDataTooLarge, pannier.ErrInvalidArgument},
		"REQUEST_ID_REUSED":  {codes.InvalidArgument, pannier.ErrRequestIDReused, pannier.ErrInvalidArgument},
		"UNAUTHENTICATED":    {codes.Unauthenticated, pannier.ErrUnauthenticated, nil},
		"PERMISSION_DENIED":  {codes.PermissionDenied, pannier.ErrPermissionDenied, nil},
		"THROTTLED":          {codes.ResourceExhausted, pannier.ErrThrottled, nil},
		"OVERLOADED":         {codes.ResourceExhausted, pannier.ErrOverloaded, pannier.ErrThrottled},
		"TABLE_MISSING":      {codes.FailedPrecondition, pannier.ErrStoreMisconfigured, nil},
		"STORE_UNAVAILABLE":  {codes.Unavailable, pannier.ErrUnavailable, nil},
		"DEADLINE_EXCEEDED":  {codes.DeadlineExceeded, pannier.ErrDeadlineExceeded, context.DeadlineExceeded},
		"RECORD_CORRUPT":     {codes.DataLoss, pannier.ErrCorruptRecord, nil},
		"INTERNAL":           {codes.Internal, pannier.ErrInternal, nil},
		"A_REASON_YET_TO_BE": {codes.NotFound, pannier.ErrNotFound, nil},
	} {
		err := failedPut(t, failure(want.code, reason, "not_applied"))
		if !errors.Is(err, want.sentinel) || want.also != nil && !errors.Is(err, want.also) {
			t.Errorf("%s: %v is not %v", reason, err, want.sentinel)
		}
		if got := shared(t, err); got.Code != want.code || got.Reason != reason || got.Message != "what is wrong" {
			t.Errorf("%s: the facts are %+v", reason, *got)
		}
	}
}

func TestAnErrorOfOneKindIsNoOther(t *testing.T) {
	err := failedPut(t, failure(codes.InvalidArgument, "KEY_INVALID", "not_applied"))
	for _, other := range []error{pannier.ErrDataTooLarge, pannier.ErrRequestIDReused, pannier.ErrNotFound} {
		if errors.Is(err, other) {
			t.Errorf("%v is %v", err, other)
		}
	}
}

func TestErrorsHaveTheFactsOfTheirKind(t *testing.T) {
	conflict := &pb.VersionConflict{ExpectedVersion: 1 << 62, ActualVersion: 2, ActualEtag: "e"}
	var asConflict *pannier.VersionConflictError
	err := failedPut(t, failure(codes.Aborted, "VERSION_CONFLICT", "not_applied", conflict))
	if !errors.As(err, &asConflict) || asConflict.ExpectedVersion != 1<<62 ||
		asConflict.ActualVersion != 2 || asConflict.ActualETag != "e" {
		t.Errorf("%v has %+v", err, asConflict)
	}

	sizes := &pb.DataTooLarge{ActualBytes: 11, LimitBytes: 10}
	var asTooLarge *pannier.DataTooLargeError
	err = failedPut(t, failure(codes.InvalidArgument, "DATA_TOO_LARGE", "not_applied", sizes))
	if !errors.As(err, &asTooLarge) || asTooLarge.ActualBytes != 11 || asTooLarge.LimitBytes != 10 {
		t.Errorf("%v has %+v", err, asTooLarge)
	}
}

func TestThrottlingTellsWhetherAndWhenToTryAgain(t *testing.T) {
	for name, want := range map[string]struct {
		details []protoadapt.MessageV1
		retry   bool
		delay   time.Duration
	}{
		"a delay":  {[]protoadapt.MessageV1{&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Minute)}}, true, time.Minute},
		"no delay": {nil, false, 0},
		"at once":  {[]protoadapt.MessageV1{&errdetails.RetryInfo{}}, true, 0},
		"in the past": {
			[]protoadapt.MessageV1{&errdetails.RetryInfo{RetryDelay: durationpb.New(-time.Minute)}}, true, 0,
		},
	} {
		err := failedPut(t, failure(codes.ResourceExhausted, "THROTTLED", "not_applied", want.details...))
		var throttled *pannier.ThrottledError
		if !errors.As(err, &throttled) || throttled.Retry != want.retry || throttled.RetryDelay != want.delay {
			t.Errorf("%s: %v has %+v", name, err, throttled)
		}
	}
}

func TestWhatASidecarDidNotSayIsExplained(t *testing.T) {
	for code, text := range map[codes.Code]string{
		codes.Unimplemented: "no Pannier sidecar",
		codes.Unavailable:   "is it running there?",
		codes.OutOfRange:    "the call failed with OutOfRange",
	} {
		err := failedPut(t, status.Error(code, ""))
		wantText(t, err, text)
		if got := shared(t, err); got.Code != code || got.Reason != "" {
			t.Errorf("the facts are %+v", *got)
		}
	}
}

func TestTheErrorOfGRPCIsFound(t *testing.T) {
	err := failedPut(t, failure(codes.NotFound, "RECORD_NOT_FOUND", "not_applied"))
	if status.Code(err) != codes.NotFound {
		t.Errorf("gRPC sees %v", status.Code(err))
	}
}

func TestBrokenStreamsAreLostConnections(t *testing.T) {
	for _, answer := range []error{
		status.Error(codes.Canceled, "reset"),
		status.Error(codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR"),
		status.Error(codes.Internal, "server closed the stream without sending trailers"),
		status.Error(codes.Unknown, "Stream removed"),
	} {
		if err := failedPut(t, answer); !errors.Is(err, pannier.ErrUnavailable) {
			t.Errorf("%v is not ErrUnavailable", err)
		}
	}
	bug, err := status.New(codes.Internal, "a bug of RST_STREAM").WithDetails(
		&errdetails.ErrorInfo{Reason: "INTERNAL", Domain: "pannier"})
	if err != nil {
		t.Fatal(err)
	}
	if err := failedPut(t, bug.Err()); !errors.Is(err, pannier.ErrInternal) {
		t.Errorf("the sidecar's own %v is not ErrInternal", err)
	}
}
