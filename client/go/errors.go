package pannier

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
)

// What went wrong, for use with [errors.Is].
//
// ErrNotFound, ErrVersionConflict and ErrAlreadyExists are answers. ErrUnavailable,
// ErrDeadlineExceeded and ErrThrottled are trouble that may pass; they were tried
// again where that is safe. ErrStoreMisconfigured needs a person.
var (
	// ErrNotFound means that no live record has the key: never written, deleted,
	// or expired.
	ErrNotFound = errors.New("pannier: not found")
	// ErrVersionConflict means that the record has another version or etag than
	// expected; see [VersionConflictError].
	ErrVersionConflict = errors.New("pannier: version conflict")
	// ErrAlreadyExists means that a live record has the key that was to be created.
	ErrAlreadyExists = errors.New("pannier: already exists")
	// ErrInvalidArgument means that an argument is refused: by the sidecar, with a
	// reason that tells which, or before anything was sent; see [ArgumentError].
	ErrInvalidArgument = errors.New("pannier: invalid argument")
	// ErrDataTooLarge means that the data is larger than the server takes; see
	// [DataTooLargeError]. It is an ErrInvalidArgument too.
	ErrDataTooLarge = errors.New("pannier: data too large")
	// ErrRequestIDReused means that the request id was used for another write to
	// this key. It is an ErrInvalidArgument too.
	ErrRequestIDReused = errors.New("pannier: request id reused")
	// ErrUnauthenticated means that the sidecar wants to know who calls, or does
	// not believe it.
	ErrUnauthenticated = errors.New("pannier: unauthenticated")
	// ErrPermissionDenied means that the caller may not do this, or not to this
	// owner's records.
	ErrPermissionDenied = errors.New("pannier: permission denied")
	// ErrThrottled means that the store asks for fewer requests; see
	// [ThrottledError].
	ErrThrottled = errors.New("pannier: throttled")
	// ErrOverloaded means that the sidecar itself has more work than it can do in
	// time. It is an ErrThrottled too.
	ErrOverloaded = errors.New("pannier: overloaded")
	// ErrStoreMisconfigured means that someone has to repair the store's set-up:
	// the reason and the message say what.
	ErrStoreMisconfigured = errors.New("pannier: store misconfigured")
	// ErrUnavailable means that the sidecar or its store cannot be reached, or that
	// the connection broke.
	ErrUnavailable = errors.New("pannier: unavailable")
	// ErrDeadlineExceeded means that the call's time ran out. It is a
	// [context.DeadlineExceeded] too.
	ErrDeadlineExceeded = errors.New("pannier: deadline exceeded")
	// ErrCorruptRecord means that the stored row cannot be read as a record.
	ErrCorruptRecord = errors.New("pannier: corrupt record")
	// ErrInternal means a bug of the sidecar.
	ErrInternal = errors.New("pannier: internal error")
	// ErrStoreClosed means that the store was closed, before the call or while it
	// ran.
	ErrStoreClosed = errors.New("pannier: store closed")
	// ErrOutcomeUnknown means that an update failed and may have been applied all
	// the same; see [OutcomeUnknownError].
	ErrOutcomeUnknown = errors.New("pannier: outcome unknown")
	// ErrUnreadableRecords means that a list met stored rows that are no records;
	// see [UnreadableRecordsError].
	ErrUnreadableRecords = errors.New("pannier: unreadable records")
)

// A WriteOutcome tells whether a failed write may have changed the store.
type WriteOutcome int

const (
	// OutcomeNone is that of reads, which change nothing.
	OutcomeNone WriteOutcome = iota
	// OutcomeNotApplied means that nothing was written.
	OutcomeNotApplied
	// OutcomeUnknown means that the write may have been applied.
	OutcomeUnknown
)

// String returns the outcome as the contract writes it: "not_applied", "unknown",
// or "" for reads.
func (o WriteOutcome) String() string {
	switch o {
	case OutcomeNotApplied:
		return "not_applied"
	case OutcomeUnknown:
		return "unknown"
	default:
		return ""
	}
}

// An Error is a call that did not succeed. It holds the facts that all kinds of
// failure share; some kinds wrap it in a type with more, so get it with
// [errors.As].
type Error struct {
	// Message says what is wrong and often what to do, for people. It holds no key
	// or data.
	Message string
	// Code is the gRPC status code.
	Code codes.Code
	// Reason is the contract's ErrorReason, such as "KEY_INVALID". It is empty where
	// the sidecar did not send one, as when it cannot be reached.
	Reason string
	// WriteOutcome tells for a failed write whether it may have been applied, over
	// all attempts at it.
	WriteOutcome WriteOutcome
	// Kind is the sentinel of this kind of error, such as [ErrNotFound]. It is nil
	// for a status that has none, and for a context that was canceled.
	Kind error
	// Err is gRPC's own error, or that of the context that ended the call; nil where
	// there is none.
	Err error
}

// Error returns the message, and that a write may have been applied where that is
// so.
func (e *Error) Error() string {
	if e.WriteOutcome == OutcomeUnknown {
		return "pannier: " + e.Message + " (the write may have been applied)"
	}
	return "pannier: " + e.Message
}

// Is tells whether target is the sentinel of this kind of error, or of a more
// general one.
func (e *Error) Is(target error) bool {
	if target == e.Kind {
		return true
	}
	switch e.Kind {
	case ErrDataTooLarge, ErrRequestIDReused:
		return target == ErrInvalidArgument
	case ErrOverloaded:
		return target == ErrThrottled
	case ErrDeadlineExceeded:
		return target == context.DeadlineExceeded
	default:
		return false
	}
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// An ArgumentError is an argument that the client refuses before it sends
// anything. It is an [ErrInvalidArgument].
type ArgumentError struct {
	// Argument is the argument's name, such as "ttl".
	Argument string
	// Problem says what is wrong with it and what to do.
	Problem string
}

// Error returns the problem.
func (e *ArgumentError) Error() string { return "pannier: " + e.Problem }

// Is tells that this is an [ErrInvalidArgument].
func (e *ArgumentError) Is(target error) bool { return target == ErrInvalidArgument }

func refuse(argument, problem string) error {
	return &ArgumentError{Argument: argument, Problem: problem}
}
