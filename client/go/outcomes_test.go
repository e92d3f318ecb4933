package pannier_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// shared returns the facts that all errors of calls have.
func shared(t *testing.T, err error) *pannier.Error {
	t.Helper()
	var failure *pannier.Error
	if !errors.As(err, &failure) {
		t.Fatalf("%v (%T) is no *pannier.Error", err, err)
	}
	return failure
}

func wantOutcome(t *testing.T, err error, want pannier.WriteOutcome) {
	t.Helper()
	if got := shared(t, err).WriteOutcome; got != want {
		t.Errorf("the outcome of %q is %q, not %q", err, got, want)
	}
}

// Kinds of writes, to be made without a sidecar or with one that fails.
var writes = map[string]func(context.Context, *pannier.Store) error{
	"put": func(ctx context.Context, s *pannier.Store) error {
		_, err := s.Put(ctx, "o:a", []byte("1"))
		return err
	},
	"create": func(ctx context.Context, s *pannier.Store) error {
		_, err := s.Create(ctx, "o:a", []byte("1"))
		return err
	},
	"delete": func(ctx context.Context, s *pannier.Store) error {
		_, err := s.Delete(ctx, "o:a")
		return err
	},
}

func TestAWriteThatMeetsNoSidecarWasNotApplied(t *testing.T) {
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			address, _ := freeAddress(t)
			store := connect(t, address, pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: 3}))
			err := write(context.Background(), store)
			if !errors.Is(err, pannier.ErrUnavailable) {
				t.Fatalf("%v is not ErrUnavailable", err)
			}
			wantOutcome(t, err, pannier.OutcomeNotApplied)
			if text := err.Error(); !strings.Contains(text, address) || !strings.Contains(text, "no such file") {
				t.Errorf("%q does not say where and why", text)
			}
		})
	}
}

func TestAWriteThatMeetsNoSidecarIsMadeOnceOneIsThere(t *testing.T) {
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			address, path := freeAddress(t)
			started := sync.OnceFunc(func() {
				serve(t, path, &fakeSidecar{
					put: func(context.Context, *pb.PutRequest) (*pb.PutResponse, error) {
						return &pb.PutResponse{Version: 1}, nil
					},
					putIfVersion: func(context.Context, *pb.PutIfVersionRequest) (*pb.PutIfVersionResponse, error) {
						return &pb.PutIfVersionResponse{Version: 1}, nil
					},
					delete: func(context.Context, *pb.DeleteRequest) (*pb.DeleteResponse, error) {
						return &pb.DeleteResponse{Deleted: true}, nil
					},
				})
			})
			store := connect(t, address, onRetry(started))
			if err := write(context.Background(), store); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// brokenConnections is a server whose connections end with the first call on them.
func brokenConnections(calls *int) *fakeSidecar {
	broken := status.Error(codes.Unavailable, "the connection broke")
	return &fakeSidecar{
		put: func(context.Context, *pb.PutRequest) (*pb.PutResponse, error) { *calls++; return nil, broken },
		putIfVersion: func(context.Context, *pb.PutIfVersionRequest) (*pb.PutIfVersionResponse, error) {
			*calls++
			return nil, broken
		},
		delete: func(context.Context, *pb.DeleteRequest) (*pb.DeleteResponse, error) { *calls++; return nil, broken },
	}
}

func TestAWriteThatWasSentAndGotNoAnswerIsUnknown(t *testing.T) {
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			calls := 0
			store := connectTo(t, brokenConnections(&calls), pannier.WithoutRetries())
			err := write(context.Background(), store)
			wantOutcome(t, err, pannier.OutcomeUnknown)
			if !strings.HasSuffix(err.Error(), "(the write may have been applied)") {
				t.Errorf("%q does not say so", err)
			}
		})
	}
}

func TestAnAttemptThatWasNotSentDoesNotClearTheDoubtOfOneThatWas(t *testing.T) {
	address, path := freeAddress(t)
	server := make(chan *grpc.Server, 1)
	server <- serve(t, path, &fakeSidecar{put: func(ctx context.Context, _ *pb.PutRequest) (*pb.PutResponse, error) {
		stopping := <-server
		go stopping.Stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	store := connect(t, address, pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: 3}))
	_, err := store.Put(context.Background(), "o:a", nil)
	if !errors.Is(err, pannier.ErrUnavailable) {
		t.Fatalf("%v is not ErrUnavailable", err)
	}
	wantOutcome(t, err, pannier.OutcomeUnknown)
}

func TestADeleteWithoutAnETagIsSentOnce(t *testing.T) {
	calls := 0
	store := connectTo(t, brokenConnections(&calls))
	_, err := store.Delete(context.Background(), "o:a", pannier.WithVersion(3))
	wantOutcome(t, err, pannier.OutcomeUnknown)
	if calls != 1 {
		t.Errorf("it was sent %d times", calls)
	}
}

func TestADeleteWithAnETagIsSentAgain(t *testing.T) {
	calls := 0
	store := connectTo(t, brokenConnections(&calls), pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: 3}))
	_, err := store.Delete(context.Background(), "o:a", pannier.WithETag("e"))
	wantOutcome(t, err, pannier.OutcomeUnknown)
	if calls != 3 {
		t.Errorf("it was sent %d times, not 3", calls)
	}
}

func TestAReadHasNoOutcome(t *testing.T) {
	store := connectTo(t, &fakeSidecar{get: func(context.Context, *pb.GetRequest) (*pb.GetResponse, error) {
		return nil, failure(codes.NotFound, "RECORD_NOT_FOUND", "unknown")
	}})
	_, err := store.Get(context.Background(), "o:a")
	wantOutcome(t, err, pannier.OutcomeNone)
	if !errors.Is(err, pannier.ErrNotFound) {
		t.Errorf("%v is not ErrNotFound", err)
	}
}
