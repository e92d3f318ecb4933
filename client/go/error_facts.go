package pannier

import "time"

// A VersionConflictError is an [ErrVersionConflict] with what the store saw in the
// check that failed. Read the record again and decide anew.
type VersionConflictError struct {
	// ExpectedVersion is the version that the call expected; 0 where it gave only
	// an etag.
	ExpectedVersion uint64
	// ActualVersion is the version that the record has; 0 where the server did not
	// say.
	ActualVersion uint64
	// ActualETag is the etag that the record has; empty where the server did not
	// say.
	ActualETag string
	// Err holds what all errors have.
	Err *Error
}

// Error returns the message.
func (e *VersionConflictError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *VersionConflictError) Unwrap() error { return e.Err }

// A DataTooLargeError is an [ErrDataTooLarge] with both sizes.
type DataTooLargeError struct {
	// ActualBytes is the size of the data; 0 where the server did not say.
	ActualBytes uint64
	// LimitBytes is the largest size that is accepted; 0 where the server did not
	// say.
	LimitBytes uint64
	// Err holds what all errors have.
	Err *Error
}

// Error returns the message.
func (e *DataTooLargeError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *DataTooLargeError) Unwrap() error { return e.Err }

// A ThrottledError is an [ErrThrottled] with what the server wants.
type ThrottledError struct {
	// Retry tells whether the server wants to be asked again, after RetryDelay.
	// Without it the call was not tried again.
	Retry bool
	// RetryDelay is how long the server wants to be left alone.
	RetryDelay time.Duration
	// Err holds what all errors have.
	Err *Error
}

// Error returns the message.
func (e *ThrottledError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *ThrottledError) Unwrap() error { return e.Err }

// An OutcomeUnknownError is an [ErrOutcomeUnknown]: an update failed and may have
// been applied all the same. Read the record again to find out. Code and Reason in
// Err are those of the write.
//
// It is only an ErrOutcomeUnknown, not also a conflict or whatever ended the last
// attempt: what is right after those could apply the change twice.
type OutcomeUnknownError struct {
	// Record is the record that the change started from.
	Record Record
	// Data is what may have been written over it.
	Data []byte
	// Err holds what all errors have.
	Err *Error
}

// Error returns the message.
func (e *OutcomeUnknownError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// An UnreadableRecordsError is an [ErrUnreadableRecords]: a list met stored rows
// that are no readable records. All others were yielded before it.
type UnreadableRecordsError struct {
	// Unreadable holds the rows, at most the first 1,000 of them.
	Unreadable []Unreadable
	// Count is how many there were.
	Count int
	// Err holds what all errors have.
	Err *Error
}

// Error returns the message.
func (e *UnreadableRecordsError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UnreadableRecordsError) Unwrap() error { return e.Err }
