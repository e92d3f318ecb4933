package pannier_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// hangingSidecar never answers; it tells of each call that arrives, and of each
// whose caller has gone.
func hangingSidecar() (sidecar *fakeSidecar, arrived, left chan struct{}) {
	arrived, left = make(chan struct{}, 10), make(chan struct{}, 10)
	hang := func(ctx context.Context) error {
		arrived <- struct{}{}
		<-ctx.Done()
		left <- struct{}{}
		return ctx.Err()
	}
	return &fakeSidecar{
		get: func(ctx context.Context, _ *pb.GetRequest) (*pb.GetResponse, error) { return nil, hang(ctx) },
		put: func(ctx context.Context, _ *pb.PutRequest) (*pb.PutResponse, error) { return nil, hang(ctx) },
		list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
			return hang(stream.Context())
		},
	}, arrived, left
}

func TestACanceledContextEndsARunningWriteWhoseOutcomeIsThenUnknown(t *testing.T) {
	sidecar, arrived, left := hangingSidecar()
	store := connectTo(t, sidecar, pannier.WithoutRetries())
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := store.Put(ctx, "o:a", nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v is not context.Canceled", err)
	}
	if errors.Is(err, pannier.ErrUnavailable) || errors.Is(err, pannier.ErrStoreClosed) {
		t.Errorf("%v is something else as well", err)
	}
	wantOutcome(t, err, pannier.OutcomeUnknown)
	<-left
}

func TestACanceledContextSendsNothing(t *testing.T) {
	sidecar, arrived, _ := hangingSidecar()
	store := connectTo(t, sidecar)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := store.Put(ctx, "o:a", nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v is not context.Canceled", err)
	}
	wantOutcome(t, err, pannier.OutcomeNotApplied)
	if len(arrived) > 0 {
		t.Error("it was sent all the same")
	}
}

func TestACancellationIsNotTakenForTheErrorThatCausedIt(t *testing.T) {
	sidecar, arrived, _ := hangingSidecar()
	store := connectTo(t, sidecar)
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		<-arrived
		cancel(&pannier.Error{Kind: pannier.ErrNotFound}) // as an errgroup does
	}()
	_, err := store.Get(ctx, "o:a")
	if !errors.Is(err, context.Canceled) || errors.Is(err, pannier.ErrNotFound) {
		t.Errorf("%v is not just canceled", err)
	}
}

func TestACanceledContextEndsThePauseBetweenAttempts(t *testing.T) {
	address, _ := freeAddress(t)
	ctx, cancel := context.WithCancel(context.Background())
	patient := pannier.RetryPolicy{InitialBackoff: time.Hour, MaxBackoff: time.Hour}
	store := connect(t, address, pannier.WithRetries(patient), pannier.WithTimeout(100*time.Hour), onRetry(cancel))
	_, err := store.Put(ctx, "o:a", nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v is not context.Canceled", err)
	}
	wantOutcome(t, err, pannier.OutcomeNotApplied)
}

func TestTheContextsDeadlineCountsBesideTheTimeout(t *testing.T) {
	for name, limits := range map[string]struct{ context, timeout time.Duration }{
		"the context's is sooner": {50 * time.Millisecond, time.Hour},
		"the timeout is sooner":   {time.Hour, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			sidecar, _, _ := hangingSidecar()
			store := connectTo(t, sidecar)
			ctx, cancel := context.WithTimeout(context.Background(), limits.context)
			defer cancel()
			_, err := store.Get(ctx, "o:a", pannier.WithTimeout(limits.timeout))
			if !errors.Is(err, pannier.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is not both kinds of deadline", err)
			}
			if code := shared(t, err).Code; code != codes.DeadlineExceeded {
				t.Errorf("its code is %v", code)
			}
		})
	}
}

func TestADeadlineThatHasPassedSendsNothing(t *testing.T) {
	sidecar, arrived, _ := hangingSidecar()
	store := connectTo(t, sidecar)
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := store.Put(ctx, "o:a", nil)
	if !errors.Is(err, pannier.ErrDeadlineExceeded) {
		t.Fatalf("%v is not ErrDeadlineExceeded", err)
	}
	wantOutcome(t, err, pannier.OutcomeNotApplied)
	if len(arrived) > 0 {
		t.Error("it was sent all the same")
	}
}

func TestACanceledContextEndsAList(t *testing.T) {
	sidecar, arrived, left := hangingSidecar()
	store := connectTo(t, sidecar)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	for _, err := range store.List(ctx, "o:") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not context.Canceled", err)
		}
	}
	<-left
}

func TestATimeoutMustBeAboveZero(t *testing.T) {
	store := connectTo(t, &fakeSidecar{})
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"connect": func() error { _, err := pannier.Connect("h:1", pannier.WithTimeout(0)); return err },
		"get":     func() error { _, err := store.Get(ctx, "o:a", pannier.WithTimeout(0)); return err },
		"list": func() error {
			for _, err := range store.List(ctx, "o:", pannier.WithTimeout(-1)) {
				return err
			}
			return nil
		},
	} {
		var refused *pannier.ArgumentError
		if err := call(); !errors.As(err, &refused) || refused.Argument != "timeout" {
			t.Errorf("%s: %v does not name the timeout", name, err)
		}
	}
}
