package pannier

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// Arguments into request messages, and answers into what the store returns.

func getRequest(key string, consistency Consistency) (*pb.GetRequest, error) {
	if err := checkText("key", key); err != nil {
		return nil, err
	}
	wire, err := consistency.wire()
	if err != nil {
		return nil, err
	}
	return &pb.GetRequest{Key: key, Consistency: wire}, nil
}

// putRequest returns the request of Put, the same one for all its attempts.
func putRequest(key string, data []byte, options writeOptions) (*pb.PutRequest, error) {
	resolved, err := options.check(key)
	if err != nil {
		return nil, err
	}
	request := &pb.PutRequest{Key: key, Data: data, RequestId: options.requestID}
	switch {
	case resolved.never:
		request.Expiry = &pb.PutRequest_NeverExpires{NeverExpires: true}
	case resolved.expireTime != nil:
		request.Expiry = &pb.PutRequest_ExpireTime{ExpireTime: resolved.expireTime}
	}
	return request, nil
}

// putIfVersionRequest returns the request of PutIfVersion, the same one for all its
// attempts.
func putIfVersionRequest(
	key string, data []byte, expectedVersion uint64, options writeOptions,
) (*pb.PutIfVersionRequest, error) {
	resolved, err := options.check(key)
	if err != nil {
		return nil, err
	}
	return conditionalRequest(key, data, expectedVersion, options.etag, options.requestID, resolved), nil
}

// changeRequest returns the request that writes over exactly this version of a
// record, which keeps its expiry unless another one is given.
func changeRequest(record Record, data []byte, expiry resolvedExpiry) *pb.PutIfVersionRequest {
	if expiry == (resolvedExpiry{}) {
		expiry = keepExpiry(record.ExpireTime)
	}
	return conditionalRequest(record.Key, data, record.Version, record.ETag, newRequestID(), expiry)
}

func conditionalRequest(
	key string, data []byte, version uint64, etag, requestID string, expiry resolvedExpiry,
) *pb.PutIfVersionRequest {
	request := &pb.PutIfVersionRequest{
		Key: key, Data: data, RequestId: requestID, ExpectedVersion: version, Etag: etag,
	}
	switch {
	case expiry.never:
		request.Expiry = &pb.PutIfVersionRequest_NeverExpires{NeverExpires: true}
	case expiry.expireTime != nil:
		request.Expiry = &pb.PutIfVersionRequest_ExpireTime{ExpireTime: expiry.expireTime}
	}
	return request
}

func deleteRequest(key string, options deleteOptions) (*pb.DeleteRequest, error) {
	if err := checkText("key", key); err != nil {
		return nil, err
	}
	if err := checkText("etag", options.etag); err != nil {
		return nil, err
	}
	request := &pb.DeleteRequest{Key: key, Etag: options.etag}
	if options.matched {
		version := options.version // only here does it need a place of its own
		request.ExpectedVersion = &version
	}
	return request, nil
}

// check returns when the record expires, and refuses what cannot be sent.
func (o *writeOptions) check(key string) (resolvedExpiry, error) {
	if err := checkText("key", key); err != nil {
		return resolvedExpiry{}, err
	}
	if err := checkText("etag", o.etag); err != nil {
		return resolvedExpiry{}, err
	}
	if err := checkText("request id", o.requestID); err != nil {
		return resolvedExpiry{}, err
	}
	if o.requestID == "" {
		o.requestID = newRequestID()
	}
	return o.expiry.resolve(time.Now())
}

func readRecord(record *pb.Record) Record {
	return Record{
		Key:        record.GetKey(),
		Data:       record.GetData(),
		Version:    record.GetVersion(),
		ETag:       record.GetEtag(),
		ExpireTime: readTime(record.GetExpireTime()),
	}
}

// readWritten returns what a write made, by either RPC.
func readWritten(answer interface {
	GetVersion() uint64
	GetEtag() string
	GetExpireTime() *timestamppb.Timestamp
}) Written {
	return Written{answer.GetVersion(), answer.GetEtag(), readTime(answer.GetExpireTime())}
}

func readPage(answer *pb.ListByPrefixResponse) Page {
	page := Page{NextPageToken: answer.GetNextPageToken()}
	if found := answer.GetRecords(); len(found) > 0 {
		page.Records = make([]Record, len(found))
		for i, record := range found {
			page.Records[i] = readRecord(record)
		}
	}
	for _, row := range answer.GetUnreadable() {
		page.Unreadable = append(page.Unreadable, Unreadable{row.GetKey(), row.GetProblem()})
	}
	return page
}
