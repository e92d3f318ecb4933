package pannier

import (
	"context"
	"errors"
	"slices"
	"time"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// ErrUnchanged is what the change of an update returns to leave the record as it
// is. The update then succeeds with the record as it was read.
var ErrUnchanged = errors.New("pannier: leave the record unchanged")

// A conflict is over as soon as someone else's write is, so pauses start small.
// They stay small, because those who pause long lose to newcomers who do not, until
// their time is over.
var conflictPauses = RetryPolicy{InitialBackoff: 10 * time.Millisecond, MaxBackoff: 200 * time.Millisecond}

// Update reads a record, changes its data and writes it, again after each lost
// race, and returns it as written. The write goes through only over the version and
// etag that were read, so nothing that others wrote is lost. The record keeps its
// expiry unless an option says otherwise.
//
// The change takes the data, which is its own to modify, and returns the new data.
// It may be called several times, each time with newer data, but at most one result
// is written. [ErrUnchanged] from it leaves the record alone; any other error ends
// the update and is returned as it is.
//
// Errors: ErrNotFound (no live record has the key, or it went meanwhile),
// ErrVersionConflict (others kept writing until the time was over),
// ErrOutcomeUnknown (the write failed and may have been applied all the same; to try
// again could apply the change twice, so that is the caller's choice),
// ErrDataTooLarge, ErrCorruptRecord.
func (s *Store) Update(
	ctx context.Context, key string, change func(data []byte) ([]byte, error), options ...UpdateOption,
) (Record, error) {
	var chosen writeOptions
	for _, option := range options {
		chosen = option.applyUpdate(chosen)
	}
	expiry, err := chosen.expiry.resolve(time.Now())
	if err != nil {
		return Record{}, err
	}
	request, err := getRequest(key, Strong)
	if err != nil {
		return Record{}, err
	}
	ctx, cancel, err := s.connection.within(ctx, chosen.timeout)
	if err != nil {
		return Record{}, err
	}
	defer cancel()
	return s.update(ctx, request, change, expiry)
}

func (s *Store) update(
	ctx context.Context, request *pb.GetRequest, change func([]byte) ([]byte, error), expiry resolvedExpiry,
) (Record, error) {
	for conflicts := 1; ; conflicts++ {
		record, err := s.get(ctx, request)
		if err != nil {
			sharedOf(err).WriteOutcome = OutcomeNotApplied
			return Record{}, err
		}
		data, err := change(slices.Clone(record.Data))
		if errors.Is(err, ErrUnchanged) {
			return record, nil
		}
		if err != nil {
			return Record{}, err
		}
		written, err := s.write(ctx, changeRequest(record, data, expiry))
		if err == nil {
			return Record{record.Key, data, written.Version, written.ETag, written.ExpireTime}, nil
		}
		pause, again := pauseAfterConflict(ctx, err, conflicts)
		if !again {
			return Record{}, verdict(err, record, data)
		}
		s.connection.pause(ctx, pause, err)
	}
}

// pauseAfterConflict returns the pause before reading again, and whether to do so.
// Only a conflict that proves that nothing was written may be followed by another
// change: the change must never be applied twice.
func pauseAfterConflict(ctx context.Context, failure error, conflicts int) (time.Duration, bool) {
	conflict, ok := failure.(*VersionConflictError)
	if !ok || conflict.Err.WriteOutcome != OutcomeNotApplied {
		return 0, false
	}
	pause := conflictPauses.backoff(conflicts)
	deadline, _ := ctx.Deadline()
	return pause, time.Now().Add(pause).Before(deadline)
}

// verdict returns what an update returns for the error of its write.
func verdict(failure error, record Record, data []byte) error {
	shared := sharedOf(failure)
	if shared.WriteOutcome != OutcomeUnknown {
		return failure
	}
	return &OutcomeUnknownError{Record: record, Data: data, Err: &Error{
		Message:      shared.Message + "; read the record again to find out",
		Code:         shared.Code,
		Reason:       shared.Reason,
		WriteOutcome: OutcomeUnknown,
		Kind:         ErrOutcomeUnknown,
		Err:          shared.Err,
	}}
}
