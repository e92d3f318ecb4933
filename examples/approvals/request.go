package approvals

import (
	"errors"
	"time"
)

// A Status is what became of a request.
type Status string

// The three statuses. A request starts as Pending; the other two are final.
const (
	Pending  Status = "pending"
	Approved Status = "approved"
	Rejected Status = "rejected"
)

var (
	// ErrDecided means that the request is approved or rejected already.
	ErrDecided = errors.New("approvals: the request is decided already")
	// ErrOwnRequest means that a requester wants to decide a request of their own.
	ErrOwnRequest = errors.New("approvals: nobody decides a request of their own")
)

// A Request asks for someone's approval.
type Request struct {
	// ID names the request among those of its requester; [NewID] makes one.
	ID string
	// Requester is who asks. It is not empty and holds no colon.
	Requester string
	// Subject is what the request asks for.
	Subject string
	// Status is Pending until someone decides.
	Status Status
	// Approver is who decided; empty while the request is pending.
	Approver string
	// Comment is what the approver has to say; it may be empty.
	Comment string
	// CreateTime is when the request was made.
	CreateTime time.Time
	// DecideTime is when it was decided; the zero time while it is pending.
	DecideTime time.Time
	// ExpireTime is when the request goes away by itself, as the store set it. The
	// zero time means never.
	ExpireTime time.Time

	revision revision
}

// A revision names the write that a request was read from.
type revision struct {
	version uint64
	etag    string
}

// NewRequest returns a pending request with an ID of its own.
func NewRequest(requester, subject string) Request {
	now := clock()
	return Request{
		ID:         NewID(now),
		Requester:  requester,
		Subject:    subject,
		Status:     Pending,
		CreateTime: now,
	}
}

// Decide approves or rejects the request, in memory only: [Store.Update] writes it.
func (r *Request) Decide(status Status, approver, comment string) error {
	switch {
	case r.Status != Pending:
		return ErrDecided
	case approver == r.Requester:
		return ErrOwnRequest
	}
	r.Status, r.Approver, r.Comment = status, approver, comment
	r.DecideTime = clock()
	return nil
}

// clock returns the time as it can be stored, in UTC and whole microseconds.
func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
