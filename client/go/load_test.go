package pannier_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// answering answers each call at once.
func answering() *fakeSidecar {
	record := &pb.Record{Key: "o:a", Version: 1, Etag: "e"}
	return &fakeSidecar{
		get: func(context.Context, *pb.GetRequest) (*pb.GetResponse, error) { return getResponse(record), nil },
		put: func(context.Context, *pb.PutRequest) (*pb.PutResponse, error) {
			return &pb.PutResponse{Version: 1, Etag: "e"}, nil
		},
		putIfVersion: func(context.Context, *pb.PutIfVersionRequest) (*pb.PutIfVersionResponse, error) {
			return &pb.PutIfVersionResponse{Version: 2, Etag: "e"}, nil
		},
		list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
			return errors.Join(stream.Send(page("a", "next")), stream.Send(page("b", "")))
		},
	}
}

// Calls of each kind.
var kinds = map[string]func(context.Context, *pannier.Store) error{
	"get": func(ctx context.Context, s *pannier.Store) error { _, err := s.Get(ctx, "o:a"); return err },
	"put": func(ctx context.Context, s *pannier.Store) error { _, err := s.Put(ctx, "o:a", nil); return err },
	"update": func(ctx context.Context, s *pannier.Store) error {
		_, err := s.Update(ctx, "o:a", appendBang)
		return err
	},
	"list": func(ctx context.Context, s *pannier.Store) error {
		var last error
		for _, err := range s.List(ctx, "o:") {
			last = err
		}
		return last
	},
}

func TestACallThatIsCanceledAtAnyMomentSucceedsOrIsTheCallersOwnError(t *testing.T) {
	for name, call := range kinds {
		t.Run(name, func(t *testing.T) {
			store := connectTo(t, answering())
			ends := map[bool]int{}
			for range 500 {
				ctx, cancel := context.WithCancel(t.Context())
				moment := time.AfterFunc(time.Duration(rand.Int64N(int64(time.Millisecond))), cancel)
				err := call(ctx, store)
				moment.Stop()
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Fatalf("%v is not the caller's own", err)
				}
				ends[err == nil]++
			}
			t.Logf("%d succeeded, %d did not", ends[true], ends[false])
		})
	}
}

func TestACallWhoseTimeEndsAtAnyMomentSucceedsOrTellsThat(t *testing.T) {
	for name, call := range kinds {
		t.Run(name, func(t *testing.T) {
			store := connectTo(t, answering())
			for range 500 {
				limit := time.Duration(rand.Int64N(int64(time.Millisecond)))
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				err := call(ctx, store)
				cancel()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, pannier.ErrOutcomeUnknown) {
					t.Fatalf("%v is no deadline", err)
				}
			}
		})
	}
}

func TestCallsThatRaceWithTheEndOfTheStoreGetAnAnswerOrHearOfIt(t *testing.T) {
	const callers = 64
	for name, call := range kinds {
		t.Run(name, func(t *testing.T) {
			store := connectTo(t, answering())
			var running, started sync.WaitGroup
			for range callers {
				running.Add(1)
				started.Add(1)
				go func() {
					defer running.Done()
					err := call(t.Context(), store)
					started.Done()
					for err == nil {
						err = call(t.Context(), store)
					}
					if !errors.Is(err, pannier.ErrStoreClosed) && !errors.Is(err, pannier.ErrOutcomeUnknown) {
						t.Errorf("%v is not ErrStoreClosed", err)
					}
				}()
			}
			started.Wait()
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			running.Wait()
		})
	}
}

func TestListsThatAreLeftEarlyLeaveNothingBehind(t *testing.T) {
	const lists = 1000
	left := make(chan struct{}, lists)
	store := connectTo(t, &fakeSidecar{list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
		err := stream.Send(page("a", "next"))
		<-stream.Context().Done()
		left <- struct{}{}
		return err
	}})
	leave := func() {
		for _, err := range store.List(t.Context(), "o:") {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		<-left
	}
	leave()
	before := runtime.NumGoroutine()
	for range lists {
		leave()
	}
	wantGoroutines(t, before)
}

func TestAClosedStoreLeavesNothingBehind(t *testing.T) {
	address, path := freeAddress(t)
	serve(t, path, answering())
	before := runtime.NumGoroutine()
	for range 20 {
		store, err := pannier.Connect(address)
		if err != nil {
			t.Fatal(err)
		}
		for name, call := range kinds {
			if err := call(t.Context(), store); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		store.Close()
	}
	wantGoroutines(t, before)
}

// wantGoroutines returns once there are no more goroutines than before: gRPC's own
// take a moment to end.
func wantGoroutines(t *testing.T, before int) {
	t.Helper()
	giveUp := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(giveUp) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("there are %d goroutines, not %d:\n%s",
				runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(time.Millisecond)
	}
}
