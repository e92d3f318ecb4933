package pannier_test

import (
	"context"
	"errors"
	"testing"
	"time"

	pannier "github.com/pannier/pannier/client/go"
)

func TestClosingTwiceIsNoError(t *testing.T) {
	store := connectTo(t, &fakeSidecar{})
	for range 2 {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAClosedStoreSendsNothing(t *testing.T) {
	sidecar, arrived, _ := hangingSidecar()
	store := connectTo(t, sidecar)
	store.Close()
	_, err := store.Put(context.Background(), "o:a", nil)
	if !errors.Is(err, pannier.ErrStoreClosed) {
		t.Fatalf("%v is not ErrStoreClosed", err)
	}
	wantOutcome(t, err, pannier.OutcomeNotApplied)
	if len(arrived) > 0 {
		t.Error("it was sent all the same")
	}
}

func TestClosingEndsWhatRuns(t *testing.T) {
	ctx := context.Background()
	for name, call := range map[string]func(*pannier.Store) error{
		"a read":  func(s *pannier.Store) error { _, err := s.Get(ctx, "o:a"); return err },
		"a write": func(s *pannier.Store) error { _, err := s.Put(ctx, "o:a", nil); return err },
		"a list": func(s *pannier.Store) error {
			for _, err := range s.List(ctx, "o:") {
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			sidecar, arrived, _ := hangingSidecar()
			store := connectTo(t, sidecar, pannier.WithoutRetries())
			go func() {
				<-arrived
				store.Close()
			}()
			if err := call(store); !errors.Is(err, pannier.ErrStoreClosed) {
				t.Errorf("%v is not ErrStoreClosed", err)
			}
		})
	}
}

func TestClosingEndsThePauseBetweenAttempts(t *testing.T) {
	address, _ := freeAddress(t)
	var store *pannier.Store
	patient := pannier.RetryPolicy{InitialBackoff: time.Hour, MaxBackoff: time.Hour}
	store = connect(t, address, pannier.WithRetries(patient), pannier.WithTimeout(100*time.Hour),
		onRetry(func() { go store.Close() }))
	_, err := store.Put(context.Background(), "o:a", nil)
	if !errors.Is(err, pannier.ErrStoreClosed) {
		t.Fatalf("%v is not ErrStoreClosed", err)
	}
	wantOutcome(t, err, pannier.OutcomeNotApplied)
}
