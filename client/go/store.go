package pannier

import (
	"context"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// A Store holds versioned records behind a sidecar; [Connect] makes it. Any number
// of goroutines may share one.
//
// Beside the errors named with each method, all can return ErrInvalidArgument,
// ErrUnavailable, ErrThrottled, ErrDeadlineExceeded, ErrStoreMisconfigured,
// ErrUnauthenticated, ErrPermissionDenied, ErrInternal, ErrStoreClosed and the
// context's own error.
type Store struct {
	connection *connection
}

// Address returns where the sidecar is.
func (s *Store) Address() string { return s.connection.settings.address }

// String tells where the sidecar is.
func (s *Store) String() string { return "pannier.Store at " + s.Address() }

// Close closes the connection. Calls that still run end with ErrStoreClosed. More
// than one Close does nothing more.
func (s *Store) Close() error { return s.connection.close() }

// Get returns the record at a key.
//
// Errors: ErrNotFound (no live record has the key), ErrCorruptRecord (the stored
// row cannot be read).
func (s *Store) Get(ctx context.Context, key string, options ...GetOption) (Record, error) {
	var chosen getOptions
	for _, option := range options {
		chosen = option.applyGet(chosen)
	}
	request, err := getRequest(key, chosen.consistency)
	if err != nil {
		return Record{}, err
	}
	ctx, cancel, err := s.connection.within(ctx, chosen.timeout)
	if err != nil {
		return Record{}, err
	}
	defer cancel()
	return s.get(ctx, request)
}

// Put writes a record whatever is there, replacing its data and its expiry. The
// server's limit for data is 350 KiB by default.
//
// Errors: ErrDataTooLarge, ErrRequestIDReused, ErrCorruptRecord (the stored row
// cannot be read).
func (s *Store) Put(ctx context.Context, key string, data []byte, options ...PutOption) (Written, error) {
	var chosen writeOptions
	for _, option := range options {
		chosen = option.applyPut(chosen)
	}
	request, err := putRequest(key, data, chosen)
	if err != nil {
		return Written{}, err
	}
	ctx, cancel, err := s.connection.within(ctx, chosen.timeout)
	if err != nil {
		return Written{}, err
	}
	defer cancel()
	answer := new(pb.PutResponse)
	err = s.connection.call(ctx, pb.StorageBackend_Put_FullMethodName, request, answer, repeatableWrite)
	if err != nil {
		return Written{}, err
	}
	return readWritten(answer), nil
}

// PutIfVersion writes a record only over the version that is expected; 0 means to
// create it. Versions start again when a deleted record is created again, so pass
// the etag too ([WithETag]) where that matters; it cannot go with version 0.
//
// Errors: ErrVersionConflict (the record has another version or etag), ErrNotFound
// (no live record has the key, and expectedVersion is not 0), ErrAlreadyExists (a
// live record has the key, and expectedVersion is 0), and those of [Store.Put].
func (s *Store) PutIfVersion(
	ctx context.Context, key string, data []byte, expectedVersion uint64, options ...PutIfVersionOption,
) (Written, error) {
	var chosen writeOptions
	for _, option := range options {
		chosen = option.applyPutIfVersion(chosen)
	}
	return s.putIfVersion(ctx, key, data, expectedVersion, chosen)
}

// Create writes a record only where no live one is.
//
// Errors: ErrAlreadyExists, and those of [Store.Put].
func (s *Store) Create(ctx context.Context, key string, data []byte, options ...PutOption) (Written, error) {
	var chosen writeOptions
	for _, option := range options {
		chosen = option.applyPut(chosen)
	}
	return s.putIfVersion(ctx, key, data, 0, chosen)
}

// Delete deletes a record, whatever is there or only at a version or etag
// ([WithVersion], [WithETag]). It tells whether a live record was there and this
// call removed it; an absent one is no error.
//
// Without an etag it is not tried again once it may have been applied: a second one
// could delete what someone else wrote since. With an etag it is, and can then
// return false although the first attempt deleted the record.
//
// Errors: ErrVersionConflict (the record has another version or etag),
// ErrCorruptRecord (the delete is conditional and the stored row cannot be read).
func (s *Store) Delete(ctx context.Context, key string, options ...DeleteOption) (bool, error) {
	var chosen deleteOptions
	for _, option := range options {
		chosen = option.applyDelete(chosen)
	}
	request, err := deleteRequest(key, chosen)
	if err != nil {
		return false, err
	}
	ctx, cancel, err := s.connection.within(ctx, chosen.timeout)
	if err != nil {
		return false, err
	}
	defer cancel()
	safety := singleWrite
	if chosen.etag != "" {
		safety = repeatableWrite
	}
	answer := new(pb.DeleteResponse)
	err = s.connection.call(ctx, pb.StorageBackend_Delete_FullMethodName, request, answer, safety)
	return answer.GetDeleted(), err
}

// CleanupExpired removes expired records now, without waiting for the store to do
// it: those of a prefix as for [Store.List], or where that is empty those of the
// whole store (on DynamoDB that removes nothing: the table's own TTL does it).
func (s *Store) CleanupExpired(
	ctx context.Context, prefix string, options ...CleanupOption,
) (CleanupResult, error) {
	var chosen cleanupOptions
	for _, option := range options {
		chosen = option.applyCleanup(chosen)
	}
	if err := checkText("prefix", prefix); err != nil {
		return CleanupResult{}, err
	}
	limit, err := wireLimit(chosen.limit)
	if err != nil {
		return CleanupResult{}, err
	}
	ctx, cancel, err := s.connection.within(ctx, chosen.timeout)
	if err != nil {
		return CleanupResult{}, err
	}
	defer cancel()
	request := &pb.CleanupExpiredRequest{Prefix: prefix, Limit: limit}
	answer := new(pb.CleanupExpiredResponse)
	err = s.connection.call(ctx, pb.StorageBackend_CleanupExpired_FullMethodName, request, answer, read)
	return CleanupResult{answer.GetRemoved(), answer.GetMore()}, err
}

func (s *Store) get(ctx context.Context, request *pb.GetRequest) (Record, error) {
	answer := new(pb.GetResponse)
	err := s.connection.call(ctx, pb.StorageBackend_Get_FullMethodName, request, answer, read)
	if err != nil {
		return Record{}, err
	}
	return readRecord(answer.GetRecord()), nil
}

func (s *Store) putIfVersion(
	ctx context.Context, key string, data []byte, expectedVersion uint64, chosen writeOptions,
) (Written, error) {
	request, err := putIfVersionRequest(key, data, expectedVersion, chosen)
	if err != nil {
		return Written{}, err
	}
	ctx, cancel, err := s.connection.within(ctx, chosen.timeout)
	if err != nil {
		return Written{}, err
	}
	defer cancel()
	return s.write(ctx, request)
}

func (s *Store) write(ctx context.Context, request *pb.PutIfVersionRequest) (Written, error) {
	answer := new(pb.PutIfVersionResponse)
	err := s.connection.call(ctx, pb.StorageBackend_PutIfVersion_FullMethodName, request, answer, repeatableWrite)
	if err != nil {
		return Written{}, err
	}
	return readWritten(answer), nil
}
