package pannier

import "time"

// Options are passed by value from one to the next: where a call has none, nothing
// is allocated for them.

// A GetOption is an option of [Store.Get]: [WithConsistency], [WithTimeout].
type GetOption interface{ applyGet(getOptions) getOptions }

// A PutOption is an option of [Store.Put] and [Store.Create]: [WithTTL],
// [WithExpireTime], [WithNeverExpires], [WithRequestID], [WithTimeout].
type PutOption interface {
	PutIfVersionOption
	applyPut(writeOptions) writeOptions
}

// A PutIfVersionOption is an option of [Store.PutIfVersion]: [WithETag] and each
// [PutOption].
type PutIfVersionOption interface {
	applyPutIfVersion(writeOptions) writeOptions
}

// An UpdateOption is an option of [Store.Update]: [WithTTL], [WithExpireTime],
// [WithNeverExpires], [WithTimeout].
type UpdateOption interface {
	applyUpdate(writeOptions) writeOptions
}

// A DeleteOption is an option of [Store.Delete]: [WithVersion], [WithETag],
// [WithTimeout].
type DeleteOption interface {
	applyDelete(deleteOptions) deleteOptions
}

// A CleanupOption is an option of [Store.CleanupExpired]: [WithLimit],
// [WithTimeout].
type CleanupOption interface {
	applyCleanup(cleanupOptions) cleanupOptions
}

type getOptions struct {
	timeout     timeout
	consistency Consistency
}

type writeOptions struct {
	timeout   timeout
	expiry    expiry
	requestID string
	etag      string
}

type deleteOptions struct {
	timeout timeout
	version uint64
	matched bool // whether version counts
	etag    string
}

type cleanupOptions struct {
	timeout timeout
	limit   int
}

// A TimeoutOption is an option of [Connect] and of every call; see [WithTimeout].
type TimeoutOption struct{ timeout timeout }

// WithTimeout sets how long a call may take, its retries included, in place of the
// store's 10 seconds; given to [Connect] it sets the store's own. The context's
// deadline counts as well: what comes first ends the call.
//
// Lists have no time limit unless this gives them one. It is for the whole list,
// the reader's own time included.
func WithTimeout(limit time.Duration) TimeoutOption {
	return TimeoutOption{timeout{limit: limit, given: true}}
}

func (o TimeoutOption) applyGet(to getOptions) getOptions {
	to.timeout = o.timeout
	return to
}

func (o TimeoutOption) applyPut(to writeOptions) writeOptions          { return o.applyWrite(to) }
func (o TimeoutOption) applyPutIfVersion(to writeOptions) writeOptions { return o.applyWrite(to) }
func (o TimeoutOption) applyUpdate(to writeOptions) writeOptions       { return o.applyWrite(to) }

func (o TimeoutOption) applyWrite(to writeOptions) writeOptions {
	to.timeout = o.timeout
	return to
}

func (o TimeoutOption) applyDelete(to deleteOptions) deleteOptions {
	to.timeout = o.timeout
	return to
}

func (o TimeoutOption) applyCleanup(to cleanupOptions) cleanupOptions {
	to.timeout = o.timeout
	return to
}

// An ExpiryOption says when a record expires, as an option of [Store.Put],
// [Store.PutIfVersion], [Store.Create] and [Store.Update]. A write takes one of
// them. Where it has none the server may take the time from JSON data (a setting,
// off by default); otherwise the record never expires.
type ExpiryOption struct{ expiry expiry }

// WithTTL lets the record expire so long after the call, rounded up to whole
// seconds. It is counted once, not anew for each attempt, and must be above 0.
func WithTTL(ttl time.Duration) ExpiryOption {
	return ExpiryOption{expiry{kind: timeToLive, ttl: ttl}}
}

// WithExpireTime lets the record expire at a time, from the year 1 to 9999. A
// fraction of a second rounds up. A time that has passed is accepted: the record is
// absent at once.
func WithExpireTime(at time.Time) ExpiryOption {
	return ExpiryOption{expiry{kind: fixedTime, at: at}}
}

// WithNeverExpires lets the record stay until it is deleted, whatever its data
// says.
func WithNeverExpires() ExpiryOption {
	return ExpiryOption{expiry{kind: never}}
}

func (o ExpiryOption) applyPut(to writeOptions) writeOptions          { return o.applyWrite(to) }
func (o ExpiryOption) applyPutIfVersion(to writeOptions) writeOptions { return o.applyWrite(to) }
func (o ExpiryOption) applyUpdate(to writeOptions) writeOptions       { return o.applyWrite(to) }

func (o ExpiryOption) applyWrite(to writeOptions) writeOptions {
	to.expiry = to.expiry.and(o.expiry)
	return to
}

// A RequestIDOption is an option of [Store.Put], [Store.PutIfVersion] and
// [Store.Create]; see [WithRequestID].
type RequestIDOption struct{ id string }

// WithRequestID makes a write safe to repeat, also by another process: it is
// recognised by this id, a UUID in its canonical form of 36 characters. By default
// each call has a new one, which covers its own attempts.
func WithRequestID(id string) RequestIDOption { return RequestIDOption{id} }

func (o RequestIDOption) applyPut(to writeOptions) writeOptions { return o.applyPutIfVersion(to) }

func (o RequestIDOption) applyPutIfVersion(to writeOptions) writeOptions {
	to.requestID = o.id
	return to
}

// An ETagOption is an option of [Store.PutIfVersion] and [Store.Delete]; see
// [WithETag].
type ETagOption struct{ etag string }

// WithETag lets a call go through only where the record has this etag. That tells a
// record which was deleted and created again from the one that was read, although
// the versions are the same.
func WithETag(etag string) ETagOption { return ETagOption{etag} }

func (o ETagOption) applyPutIfVersion(to writeOptions) writeOptions {
	to.etag = o.etag
	return to
}

func (o ETagOption) applyDelete(to deleteOptions) deleteOptions {
	to.etag = o.etag
	return to
}

// A VersionOption is an option of [Store.Delete]; see [WithVersion].
type VersionOption struct{ version uint64 }

// WithVersion lets a delete go through only where the record has this version, from
// 1 up.
func WithVersion(version uint64) VersionOption { return VersionOption{version} }

func (o VersionOption) applyDelete(to deleteOptions) deleteOptions {
	to.version, to.matched = o.version, true
	return to
}
