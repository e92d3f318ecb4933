package pannier

import (
	"fmt"
	"time"
)

// A Record is one version of a record.
type Record struct {
	// Key is "owner:name".
	Key string
	// Data is the record's content: opaque bytes, empty in a list with keys only.
	Data []byte
	// Version is 1 for a first write and one more with each write. It starts again
	// at 1 when a deleted record is created again.
	Version uint64
	// ETag names the one write that made this version. It is opaque and never
	// empty.
	ETag string
	// ExpireTime is when the record expires, in UTC and whole seconds. The zero
	// time means never.
	ExpireTime time.Time
}

// String tells which record this is, without its data.
func (r Record) String() string {
	return fmt.Sprintf("%s at version %d, %d bytes", r.Key, r.Version, len(r.Data))
}

// Written is what a write made.
type Written struct {
	// Version is the version that the write made.
	Version uint64
	// ETag is the etag of that version.
	ETag string
	// ExpireTime is when the record expires, as the server resolved it, in UTC and
	// whole seconds. The zero time means never.
	ExpireTime time.Time
}

// An Unreadable is a stored row that is no readable record.
type Unreadable struct {
	// Key is the row's key, "owner:name".
	Key string
	// Problem says what is wrong with it, for people.
	Problem string
}

// A Page is a piece of a list.
type Page struct {
	// Records are the page's records, in the list's order.
	Records []Record
	// NextPageToken goes on after this page, with [WithPageToken]. Only an empty
	// one means the end of the list.
	NextPageToken string
	// Unreadable are the rows in this page's range that cannot be read.
	Unreadable []Unreadable
}

// A CleanupResult is what a clean-up did.
type CleanupResult struct {
	// Removed is how many expired records it removed.
	Removed uint64
	// More is true where the limit or the deadline ended the work: call again for
	// the rest.
	More bool
}
