package pannier

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// expiry is what a caller said about when a record expires.
type expiry struct {
	ttl   time.Duration
	at    time.Time
	kind  expiryKind
	given int // how often the caller said something
}

type expiryKind int

const (
	serversChoice expiryKind = iota
	timeToLive
	fixedTime
	never
)

// and adds what another option says.
func (e expiry) and(other expiry) expiry {
	other.given = e.given + 1
	return other
}

// resolvedExpiry is the expiry field of a request: one of the two, or none for the
// server's choice.
type resolvedExpiry struct {
	expireTime *timestamppb.Timestamp
	never      bool
}

// resolve returns the field of a request. It is called once for each write, not for
// each attempt at it, so that all attempts say the same.
func (e expiry) resolve(now time.Time) (resolvedExpiry, error) {
	if e.given > 1 {
		return resolvedExpiry{}, refuse("expiry", "give only one of WithTTL, WithExpireTime and WithNeverExpires")
	}
	switch e.kind {
	case timeToLive:
		// Elsewhere 0 and -1 often mean "never"; here they would delete the record at once.
		if e.ttl <= 0 {
			return resolvedExpiry{}, refuse("ttl", fmt.Sprintf(
				"the ttl must be above 0, not %v; for a record that never expires use WithNeverExpires", e.ttl))
		}
		return resolvedExpiry{expireTime: timestamppb.New(now.Add(e.ttl))}, nil
	case fixedTime:
		if e.at.IsZero() {
			return resolvedExpiry{}, refuse("expireTime",
				"the expire time is the zero time; for a record that never expires use WithNeverExpires")
		}
		return resolvedExpiry{expireTime: timestamppb.New(e.at)}, nil
	default:
		return resolvedExpiry{never: e.kind == never}, nil
	}
}

// keepExpiry returns the field that leaves a record's expiry as it is. A record
// without one is written as never expiring, so that no setting of the server can
// give it one.
func keepExpiry(expireTime time.Time) resolvedExpiry {
	if expireTime.IsZero() {
		return resolvedExpiry{never: true}
	}
	return resolvedExpiry{expireTime: timestamppb.New(expireTime)}
}

// readTime returns a time of an answer in UTC; the zero time where it is absent.
func readTime(stamp *timestamppb.Timestamp) time.Time {
	if stamp == nil {
		return time.Time{}
	}
	return stamp.AsTime()
}
