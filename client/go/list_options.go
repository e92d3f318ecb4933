package pannier

import (
	"fmt"
	"math"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// Consistency is how fresh a read must be.
type Consistency int

const (
	// Strong reads see every write that was answered before they began. It is the
	// default.
	Strong Consistency = iota
	// Eventual reads may miss recent writes. On DynamoDB they cost half as much.
	Eventual
)

func (c Consistency) wire() (pb.Consistency, error) {
	switch c {
	case Strong:
		return pb.Consistency_CONSISTENCY_STRONG, nil
	case Eventual:
		return pb.Consistency_CONSISTENCY_EVENTUAL, nil
	default:
		return 0, refuse("consistency", fmt.Sprintf("the consistency must be Strong or Eventual, not %d", c))
	}
}

// Order is the order of a list, by the bytes of the keys.
type Order int

const (
	// Ascending lists have the smallest name first. It is the default.
	Ascending Order = iota
	// Descending lists have the largest name first.
	Descending
)

func (o Order) wire() (pb.Order, error) {
	switch o {
	case Ascending:
		return pb.Order_ORDER_ASCENDING, nil
	case Descending:
		return pb.Order_ORDER_DESCENDING, nil
	default:
		return 0, refuse("order", fmt.Sprintf("the order must be Ascending or Descending, not %d", o))
	}
}

// A ListOption is an option of [Store.List]: [WithUnreadable] and each
// [ListPagesOption].
type ListOption interface {
	applyList(listOptions) listOptions
}

// A ListPagesOption is an option of [Store.ListPages] and [Store.List]:
// [WithPageSize], [WithPageToken], [WithLimit], [WithKeysOnly], [WithOrder],
// [WithConsistency], [WithTimeout].
type ListPagesOption interface {
	ListOption
	applyListPages(listOptions) listOptions
}

type listOptions struct {
	timeout     timeout
	pageSize    int
	pageToken   string
	limit       int
	keysOnly    bool
	order       Order
	consistency Consistency
	unreadable  func(Unreadable)
}

// request returns the request for a list's first page.
func (o listOptions) request(prefix string) (*pb.ListByPrefixRequest, error) {
	if err := checkText("prefix", prefix); err != nil {
		return nil, err
	}
	if err := checkText("page token", o.pageToken); err != nil {
		return nil, err
	}
	if o.pageSize < 0 {
		return nil, refuse("page size", fmt.Sprintf("the page size must not be negative, as %d is", o.pageSize))
	}
	limit, err := wireLimit(o.limit)
	if err != nil {
		return nil, err
	}
	order, err := o.order.wire()
	if err != nil {
		return nil, err
	}
	consistency, err := o.consistency.wire()
	if err != nil {
		return nil, err
	}
	return &pb.ListByPrefixRequest{
		Prefix:      prefix,
		PageSize:    int32(min(o.pageSize, math.MaxInt32)),
		PageToken:   o.pageToken,
		Limit:       limit,
		KeysOnly:    o.keysOnly,
		Order:       order,
		Consistency: consistency,
	}, nil
}

func wireLimit(limit int) (uint32, error) {
	if limit < 0 || int64(limit) > math.MaxUint32 {
		return 0, refuse("limit", fmt.Sprintf("the limit must be from 0 to %d, not %d", uint32(math.MaxUint32), limit))
	}
	return uint32(limit), nil
}

// A PagingOption is an option of [Store.List] and [Store.ListPages].
type PagingOption struct {
	apply func(listOptions) listOptions
}

func (o PagingOption) applyList(to listOptions) listOptions      { return o.apply(to) }
func (o PagingOption) applyListPages(to listOptions) listOptions { return o.apply(to) }

// WithPageSize sets how many records are fetched at a time: at most 1,000, and 100
// where it is 0.
func WithPageSize(records int) PagingOption {
	return PagingOption{func(to listOptions) listOptions {
		to.pageSize = records
		return to
	}}
}

// WithPageToken lets a list go on after the page that had this token. It is bound
// to the prefix and the order of that list.
func WithPageToken(token string) PagingOption {
	return PagingOption{func(to listOptions) listOptions {
		to.pageToken = token
		return to
	}}
}

// WithKeysOnly lists records without their data. The store is read all the same.
func WithKeysOnly() PagingOption {
	return PagingOption{func(to listOptions) listOptions {
		to.keysOnly = true
		return to
	}}
}

// WithOrder sets the order of a list.
func WithOrder(order Order) PagingOption {
	return PagingOption{func(to listOptions) listOptions {
		to.order = order
		return to
	}}
}

// A LimitOption is an option of lists and of [Store.CleanupExpired]; see
// [WithLimit].
type LimitOption struct{ limit int }

// WithLimit sets the most records of a list (0, the default, for all), or the most
// that a clean-up removes (0 for 1,000; at most 10,000).
func WithLimit(records int) LimitOption { return LimitOption{records} }

func (o LimitOption) applyList(to listOptions) listOptions { return o.applyListPages(to) }

func (o LimitOption) applyListPages(to listOptions) listOptions {
	to.limit = o.limit
	return to
}

func (o LimitOption) applyCleanup(to cleanupOptions) cleanupOptions {
	to.limit = o.limit
	return to
}

// A ConsistencyOption is an option of [Store.Get] and of lists; see
// [WithConsistency].
type ConsistencyOption struct{ consistency Consistency }

// WithConsistency sets how fresh a read must be.
func WithConsistency(consistency Consistency) ConsistencyOption {
	return ConsistencyOption{consistency}
}

func (o ConsistencyOption) applyGet(to getOptions) getOptions {
	to.consistency = o.consistency
	return to
}

func (o ConsistencyOption) applyList(to listOptions) listOptions { return o.applyListPages(to) }

func (o ConsistencyOption) applyListPages(to listOptions) listOptions {
	to.consistency = o.consistency
	return to
}

// An UnreadableOption is an option of [Store.List]; see [WithUnreadable].
type UnreadableOption struct{ report func(Unreadable) }

// WithUnreadable calls report for each stored row of the list that cannot be read
// as a record. Without it the list ends with an [UnreadableRecordsError] after the
// last record. The rows of a page are reported after its records.
func WithUnreadable(report func(Unreadable)) UnreadableOption { return UnreadableOption{report} }

func (o UnreadableOption) applyList(to listOptions) listOptions {
	to.unreadable = o.report
	return to
}

func (o TimeoutOption) applyList(to listOptions) listOptions { return o.applyListPages(to) }

func (o TimeoutOption) applyListPages(to listOptions) listOptions {
	to.timeout = o.timeout
	return to
}
