package pannier

import (
	"context"

	"google.golang.org/grpc/codes"
)

// Calls that are not made, or not finished, for reasons on this side.

// closedBefore is for an attempt on a closed store.
func closedBefore() error {
	return &Error{
		Message:      "the store is closed",
		Code:         codes.Canceled,
		WriteOutcome: OutcomeNotApplied,
		Kind:         ErrStoreClosed,
	}
}

// closedAmid is for a call that ran while the store was closed.
func closedAmid(cause error) error {
	return &Error{
		Message: "the store was closed while the call ran",
		Code:    codes.Canceled,
		Kind:    ErrStoreClosed,
		Err:     cause,
	}
}

// endedBefore is for an attempt whose context has ended already.
func endedBefore(ctx context.Context) error {
	if ctx.Err() == context.Canceled {
		return &Error{
			Message:      "the call was canceled before it was sent",
			Code:         codes.Canceled,
			WriteOutcome: OutcomeNotApplied,
			Err:          ctx.Err(),
		}
	}
	return &Error{
		Message:      "the call's time was over before it was sent",
		Code:         codes.DeadlineExceeded,
		WriteOutcome: OutcomeNotApplied,
		Kind:         ErrDeadlineExceeded,
		Err:          ctx.Err(),
	}
}

// canceledAmid is for a call whose context was canceled while it ran.
func canceledAmid(ctx context.Context) error {
	return &Error{
		Message: "the call was canceled",
		Code:    codes.Canceled,
		Err:     ctx.Err(),
	}
}
