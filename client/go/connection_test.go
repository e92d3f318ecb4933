package pannier

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func disconnected(t *testing.T) *connection {
	t.Helper()
	store, err := Connect("localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store.connection
}

func ended(t *testing.T, canceled bool) context.Context {
	t.Helper()
	ctx, cancel := context.WithDeadline(context.Background(), now)
	if canceled {
		ctx, cancel = context.WithCancel(context.Background())
		cancel()
	}
	t.Cleanup(cancel)
	return ctx
}

func TestWhatTheSidecarAnsweredCountsHoweverTheCallEnds(t *testing.T) {
	answer, err := status.New(codes.NotFound, "nothing").WithDetails(
		&errdetails.ErrorInfo{Domain: "pannier", Reason: "RECORD_NOT_FOUND"})
	if err != nil {
		t.Fatal(err)
	}
	closed := disconnected(t)
	closed.close()
	for name, got := range map[string]error{
		"the store is closed":  closed.readError(context.Background(), answer.Err()),
		"the call is canceled": disconnected(t).readError(ended(t, true), answer.Err()),
	} {
		if !errors.Is(got, ErrNotFound) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAResetAtTheDeadlineIsTheDeadline(t *testing.T) {
	reset := status.Error(codes.Canceled, "reset")
	if got := disconnected(t).readError(ended(t, false), reset); !errors.Is(got, ErrDeadlineExceeded) {
		t.Errorf("it is %v", got)
	}
	if got := disconnected(t).readError(context.Background(), reset); !errors.Is(got, ErrUnavailable) {
		t.Errorf("before the deadline it is %v", got)
	}
}

func TestTimeThatIsOverAfterAPauseLeavesTheLastErrorWithItsReason(t *testing.T) {
	last := unavailable(OutcomeUnknown)
	attempts := &attempts{safety: repeatableWrite}
	if got := disconnected(t).check(ended(t, false), attempts, last); got != last {
		t.Errorf("it leaves %v", got)
	}
	if got := disconnected(t).check(ended(t, true), attempts, last); !errors.Is(got, context.Canceled) {
		t.Errorf("a canceled call ends with %v", got)
	}
}
