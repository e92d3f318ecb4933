// Package pannier is the Go client for Pannier, the gRPC storage sidecar for
// versioned records.
//
// [Connect] gives a [Store], which any number of goroutines may share.
//
// # Keys
//
// A key is "owner:name", split at the first colon. Build keys from input with
// [Key], and prefixes for lists with [Prefix]: an owner "a:b" that is formatted
// into a key reaches into the records of the owner "a".
//
// # Time
//
// A call ends when its context does, and at the latest after the store's timeout,
// 10 seconds unless [WithTimeout] says otherwise. Within that time it is tried
// again where that is safe; see [RetryPolicy]. Lists have no timeout of their own.
//
// # Errors
//
// Each failed call returns an [*Error], or one of the types with more facts that
// wrap it, such as [*VersionConflictError]. Tell them apart with [errors.Is] and the
// sentinels ([ErrNotFound], [ErrVersionConflict] and so on), and get the facts with
// [errors.As].
//
// An argument that is refused before anything is sent gives an [*ArgumentError].
// A context that ends a call is found as [context.Canceled] or
// [context.DeadlineExceeded] inside the Error.
package pannier
