package pannier

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

const maxUnreadableKept = 1000

// A listing is one list over as many streams as it takes: where it stands, and what
// to ask for next. No I/O.
//
// A page counts when it was received whole. After a break the list goes on behind
// the last such page, so no record comes twice and none is left out.
type listing struct {
	request *pb.ListByPrefixRequest
	limit   uint32
	listed  uint32
	ended   bool // the last page came, or the limit is reached
	breaks  *attempts
}

func newListing(prefix string, options listOptions) (*listing, error) {
	request, err := options.request(prefix)
	if err != nil {
		return nil, err
	}
	return &listing{request: request, limit: request.GetLimit()}, nil
}

// accept takes a page that was received, and returns it.
func (l *listing) accept(answer *pb.ListByPrefixResponse) Page {
	l.breaks = nil
	l.listed += uint32(len(answer.GetRecords()))
	l.request.PageToken = answer.GetNextPageToken()
	// A limit of 0 would ask for all, so a list that has its records must end here.
	atLimit := l.limit > 0 && l.listed >= l.limit
	l.ended = atLimit || answer.GetNextPageToken() == ""
	if l.limit > 0 && !l.ended {
		l.request.Limit = l.limit - l.listed
	}
	return readPage(answer)
}

// afterFailure returns the pause before the next stream, and whether there is one.
// A break lasts from the first failure after a page until the next page; giveUp as
// passed at its start ends it.
func (l *listing) afterFailure(failure error, policy RetryPolicy, giveUp, now time.Time) (time.Duration, bool) {
	if l.breaks == nil {
		l.breaks = &attempts{policy: policy, safety: read, deadline: giveUp}
	}
	return l.breaks.afterFailure(failure, now)
}

// cutShort is for a stream that ended well, but before the list's end.
func cutShort() error {
	return &Error{
		Message: "the stream ended before the last page of the list",
		Code:    codes.Unavailable,
		Kind:    ErrUnavailable,
	}
}

// unreadableRows are those that a list met, to be named at its end.
type unreadableRows struct {
	kept  []Unreadable
	count int
}

// add remembers a row; memory stays bounded however many there are.
func (u *unreadableRows) add(row Unreadable) {
	u.count++
	if u.count <= maxUnreadableKept {
		u.kept = append(u.kept, row)
	}
}

// err returns an error where there was one.
func (u *unreadableRows) err() error {
	if u.count == 0 {
		return nil
	}
	return &UnreadableRecordsError{Unreadable: u.kept, Count: u.count, Err: &Error{
		Message: fmt.Sprintf("%d stored rows of the list cannot be read as records; "+
			"their keys are in the error's Unreadable: repair or delete them", u.count),
		Code:   codes.DataLoss,
		Reason: "RECORD_CORRUPT",
		Kind:   ErrUnreadableRecords,
	}}
}
