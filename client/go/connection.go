package pannier

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// A connection is a channel to the sidecar, with the attempts at each call.
type connection struct {
	settings *settings
	channel  *grpc.ClientConn
	closed   chan struct{}
	close    func() error
}

func newConnection(settings *settings) (*connection, error) {
	channel, err := grpc.NewClient(settings.target, settings.channelOptions()...)
	if err != nil {
		return nil, fmt.Errorf("pannier: %w", err)
	}
	c := &connection{settings: settings, channel: channel, closed: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		return channel.Close()
	})
	return c, nil
}

// within returns the context of one call, over all its attempts.
func (c *connection) within(
	ctx context.Context, own timeout,
) (context.Context, context.CancelFunc, error) {
	limit, err := own.or(c.settings.timeout)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(c.withMetadata(ctx), limit)
	return ctx, cancel, nil
}

func (c *connection) withMetadata(ctx context.Context) context.Context {
	if len(c.settings.metadata) == 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, c.settings.metadata...)
}

// call makes a call, over as many attempts as are safe and fit into the context's
// time. The request is the same for each. The error is that of the last attempt,
// with the outcome of all.
func (c *connection) call(ctx context.Context, method string, request, answer any, safety safety) error {
	deadline, _ := ctx.Deadline()
	attempts := attempts{policy: c.settings.retries, safety: safety, deadline: deadline}
	var failure error
	for {
		if err := c.check(ctx, &attempts, failure); err != nil {
			return err
		}
		if failure = c.attempt(ctx, method, request, answer, safety); failure == nil {
			return nil
		}
		pause, again := attempts.afterFailure(failure, time.Now())
		if !again {
			return failure
		}
		c.pause(ctx, pause, failure)
	}
}

// attempt makes a call once.
//
// gRPC fails it at once where there is no connection and none can be made. Such a
// call was never sent, which gRPC tells by having no peer for it: so a write that
// met no sidecar leaves no doubt.
func (c *connection) attempt(ctx context.Context, method string, request, answer any, safety safety) error {
	if safety == read {
		if err := c.channel.Invoke(ctx, method, request, answer, readCall...); err != nil {
			return c.readError(ctx, err)
		}
		return nil
	}
	var sentTo peer.Peer
	err := c.channel.Invoke(ctx, method, request, answer, staticMethod, grpc.Peer(&sentTo))
	if err == nil {
		return nil
	}
	failure := c.readError(ctx, err)
	if sentTo.Addr == nil {
		sharedOf(failure).WriteOutcome = OutcomeNotApplied
	}
	return failure
}

var (
	staticMethod = grpc.StaticMethod()
	readCall     = []grpc.CallOption{staticMethod}
)

// check returns the error with which a call ends before another attempt, if it
// does; last is the error of the one before.
func (c *connection) check(ctx context.Context, attempts *attempts, last error) error {
	if c.isClosed() {
		return attempts.merge(closedBefore())
	}
	if ctx.Err() == nil {
		return nil
	}
	if last != nil && ctx.Err() == context.DeadlineExceeded {
		return last
	}
	return attempts.merge(endedBefore(ctx))
}

// pause waits before another attempt; closing the store or the end of the context
// ends the wait.
func (c *connection) pause(ctx context.Context, pause time.Duration, failure error) {
	if c.settings.logger != nil {
		c.settings.logger.DebugContext(ctx, "pannier: another attempt follows",
			"after", sharedOf(failure).Code.String(), "pause", pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-c.closed:
	}
}

// readError returns the error for gRPC's error. What the sidecar itself answered
// counts, also where the call would have ended anyway.
func (c *connection) readError(ctx context.Context, cause error) error {
	failure := readStatus(cause, c.settings.address)
	shared := sharedOf(failure)
	switch {
	case shared.Reason != "":
		return failure
	case c.isClosed():
		return closedAmid(cause)
	case ctx.Err() == context.Canceled:
		return canceledAmid(ctx)
	case ctx.Err() != nil && shared.Code == codes.Canceled:
		// The sidecar keeps the same deadline, and may have been a moment ahead.
		return readStatus(status.FromContextError(ctx.Err()).Err(), c.settings.address)
	default:
		return failure
	}
}

func (c *connection) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}
