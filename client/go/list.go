package pannier

import (
	"context"
	"io"
	"iter"
	"time"

	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// List returns an iterator over the live records of one owner, by prefix of their
// names: "owner:" and the start of a name, which may be empty; [Prefix] builds one.
// Each range over it is a list of its own.
//
// It fetches pages as it is read, goes on by itself after a broken connection, and
// yields no record twice. It is not a snapshot: each page shows its own moment.
// Leaving the loop ends the stream. An error is the last thing that it yields.
//
// It has no time limit beside the context's and [WithTimeout]'s. Either way a break
// that lasts as long as the store's timeout ends the list with its error.
//
// Errors: ErrUnreadableRecords (at the end, after all readable records, where rows
// could not be read and [WithUnreadable] is not given), ErrInvalidArgument (the
// prefix or the page token is wrong).
func (s *Store) List(ctx context.Context, prefix string, options ...ListOption) iter.Seq2[Record, error] {
	var chosen listOptions
	for _, option := range options {
		chosen = option.applyList(chosen)
	}
	return func(yield func(Record, error) bool) {
		var rows unreadableRows
		report := chosen.unreadable
		if report == nil {
			report = rows.add
		}
		for page, err := range s.connection.pages(ctx, prefix, chosen) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, record := range page.Records {
				if !yield(record, nil) {
					return
				}
			}
			for _, row := range page.Unreadable {
				report(row)
			}
		}
		if err := rows.err(); err != nil {
			yield(Record{}, err)
		}
	}
}

// ListPages returns an iterator over the pages of a list, for those who page
// themselves; see [Store.List].
//
// A page may hold fewer records than [WithPageSize] says, because it stays under
// 1 MiB; only an empty NextPageToken means the end. Unreadable rows are in the pages
// and are no error.
func (s *Store) ListPages(ctx context.Context, prefix string, options ...ListPagesOption) iter.Seq2[Page, error] {
	var chosen listOptions
	for _, option := range options {
		chosen = option.applyListPages(chosen)
	}
	return s.connection.pages(ctx, prefix, chosen)
}

// pages iterates over the pages of a list. An error is the last thing that it
// yields.
func (c *connection) pages(ctx context.Context, prefix string, options listOptions) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		if err := c.list(ctx, prefix, options, yield); err != nil {
			yield(Page{}, err)
		}
	}
}

// list yields the pages of a list, going on after breaks, and returns with the error
// that ended it. Where the caller wants no more pages there is none.
func (c *connection) list(
	ctx context.Context, prefix string, options listOptions, yield func(Page, error) bool,
) error {
	listing, err := newListing(prefix, options)
	if err != nil {
		return err
	}
	ctx, cancel, err := c.withinList(ctx, options.timeout)
	if err != nil {
		return err
	}
	defer cancel()
	var failure error
	for {
		if err := c.check(ctx, &attempts{safety: read}, failure); err != nil {
			return err
		}
		var left bool
		if failure, left = c.stream(ctx, listing, yield); left || listing.ended {
			return nil
		}
		pause, again := listing.afterFailure(failure, c.settings.retries, c.giveUp(ctx), time.Now())
		if !again {
			return failure
		}
		c.pause(ctx, pause, failure)
	}
}

// withinList returns the context of a list, which has no time limit unless it is
// given one.
func (c *connection) withinList(
	ctx context.Context, own timeout,
) (context.Context, context.CancelFunc, error) {
	if own.given {
		return c.within(ctx, own)
	}
	ctx, cancel := context.WithCancel(c.withMetadata(ctx))
	return ctx, cancel, nil
}

// giveUp returns when a break of a list that begins now has lasted too long.
func (c *connection) giveUp(ctx context.Context) time.Time {
	limit := time.Now().Add(c.settings.timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(limit) {
		return deadline
	}
	return limit
}

// stream yields the pages of one stream. It returns with the stream's error, or with
// left where the caller wants no more pages: the end of the context then ends the
// stream too.
func (c *connection) stream(
	ctx context.Context, listing *listing, yield func(Page, error) bool,
) (failure error, left bool) {
	stream, err := pb.NewStorageBackendClient(c.channel).ListByPrefix(ctx, listing.request)
	if err != nil {
		return c.readError(ctx, err), false
	}
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return cutShort(), false
		}
		if err != nil {
			return c.readError(ctx, err), false
		}
		if !yield(listing.accept(answer), nil) {
			return nil, true
		}
	}
}
