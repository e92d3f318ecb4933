// Package approvals keeps requests for approval in Pannier: an example of a small
// store of one's own on top of its client.
//
// Each request is one record. Its owner is who asks, so that one requester's
// requests are listed together; its name begins with "approval:" and ends in the
// request's ID, which sorts by age.
package approvals

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	pannier "github.com/pannier/pannier/client/go"
)

// DefaultLifetime is how long a request lives that nobody deletes.
const DefaultLifetime = 30 * 24 * time.Hour

const namePrefix = "approval:"

var (
	// ErrExists means that there is a request with this ID already.
	ErrExists = errors.New("approvals: the request exists already")
	// ErrNotFound means that there is no such request: it was never made, was
	// deleted, or its time is over.
	ErrNotFound = errors.New("approvals: there is no such request")
	// ErrChanged means that someone changed the request since it was read. Read it
	// again and decide anew.
	ErrChanged = errors.New("approvals: someone changed the request since it was read")
)

// A Store keeps requests. Any number of goroutines may share it.
//
// Errors that are none of this package's are Pannier's own, and also wrapped in
// those of this package. An error whose outcome is unknown
// ([pannier.OutcomeUnknown]) is never one of this package's: the request may have
// been written, so read it before you do anything else.
type Store struct {
	records  *pannier.Store
	lifetime time.Duration
}

// New returns a store over a sidecar's records. Requests go away by themselves so
// long after they were made.
func New(records *pannier.Store, lifetime time.Duration) *Store {
	return &Store{records, lifetime}
}

// Create stores a request that does not exist yet, and returns it with its expire
// time. Errors: [ErrExists], [ErrInvalid].
func (s *Store) Create(ctx context.Context, request Request) (Request, error) {
	key, data, err := stored(request)
	if err != nil {
		return Request{}, err
	}
	written, err := s.records.Create(ctx, key, data, pannier.WithTTL(s.lifetime))
	if err != nil {
		return Request{}, explained(err)
	}
	return request.at(written), nil
}

// Get returns a request. Errors: [ErrNotFound], [ErrInvalid].
func (s *Store) Get(ctx context.Context, requester, id string) (Request, error) {
	key, err := pannier.Key(requester, namePrefix+id)
	if err != nil {
		return Request{}, err
	}
	record, err := s.records.Get(ctx, key)
	if err != nil {
		return Request{}, explained(err)
	}
	return read(record)
}

// Update writes a request that was read before, if it is still as it was read, and
// returns it as written. Its lifetime stays as it is. Errors: [ErrChanged] where
// someone was faster, [ErrNotFound] where the request is gone, [ErrInvalid].
func (s *Store) Update(ctx context.Context, request Request) (Request, error) {
	if request.revision.version == 0 {
		return Request{}, fmt.Errorf("%w: only a request that was read can be updated", ErrInvalid)
	}
	key, data, err := stored(request)
	if err != nil {
		return Request{}, err
	}
	written, err := s.records.PutIfVersion(ctx, key, data, request.revision.version,
		// The version alone would take a request that was deleted and made again for
		// the one that was read.
		pannier.WithETag(request.revision.etag), expiryOf(request))
	if err != nil {
		return Request{}, explained(err)
	}
	return request.at(written), nil
}

// Delete removes a request. It is no error if there is none.
func (s *Store) Delete(ctx context.Context, requester, id string) error {
	key, err := pannier.Key(requester, namePrefix+id)
	if err != nil {
		return err
	}
	_, err = s.records.Delete(ctx, key)
	return err
}

// List returns an iterator over the requests of a requester, newest first. A record
// that holds no request yields an [ErrInvalid] in its place, and the list goes on;
// any other error is its end.
func (s *Store) List(ctx context.Context, requester string) iter.Seq2[Request, error] {
	return func(yield func(Request, error) bool) {
		prefix, err := pannier.Prefix(requester, namePrefix)
		if err != nil {
			yield(Request{}, err)
			return
		}
		for record, err := range s.records.List(ctx, prefix, pannier.WithOrder(pannier.Descending)) {
			var request Request
			if err == nil {
				request, err = read(record)
			}
			if !yield(request, err) {
				return
			}
		}
	}
}

// stored returns the key and the data of a request.
func stored(request Request) (key string, data []byte, err error) {
	if data, err = encode(request); err != nil {
		return "", nil, err
	}
	key, err = pannier.Key(request.Requester, namePrefix+request.ID)
	return key, data, err
}

// read returns the request in a record.
func read(record pannier.Record) (Request, error) {
	request, err := decode(record.Data)
	if err == nil && record.Key != request.Requester+":"+namePrefix+request.ID {
		err = fmt.Errorf("%w: it is stored in another's place", ErrInvalid)
	}
	if err != nil {
		return Request{}, fmt.Errorf("%s: %w", record.Key, err)
	}
	return request.at(pannier.Written{
		Version: record.Version, ETag: record.ETag, ExpireTime: record.ExpireTime,
	}), nil
}

// at returns the request as a write left it.
func (r Request) at(written pannier.Written) Request {
	r.revision = revision{written.Version, written.ETag}
	r.ExpireTime = written.ExpireTime
	return r
}

// expiryOf keeps a request's expire time: a write without one would let it live for
// ever.
func expiryOf(request Request) pannier.ExpiryOption {
	if request.ExpireTime.IsZero() {
		return pannier.WithNeverExpires()
	}
	return pannier.WithExpireTime(request.ExpireTime)
}

// explained returns Pannier's error as this package's, where it certainly means
// that.
func explained(err error) error {
	var failure *pannier.Error
	if errors.As(err, &failure) && failure.WriteOutcome == pannier.OutcomeUnknown {
		return err
	}
	for theirs, ours := range map[error]error{
		pannier.ErrAlreadyExists:   ErrExists,
		pannier.ErrNotFound:        ErrNotFound,
		pannier.ErrVersionConflict: ErrChanged,
	} {
		if errors.Is(err, theirs) {
			return fmt.Errorf("%w: %w", ours, err)
		}
	}
	return err
}
