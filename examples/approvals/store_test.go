package approvals_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	pannier "github.com/pannier/pannier/client/go"
	"github.com/pannier/pannier/examples/approvals"
	"github.com/pannier/pannier/examples/approvals/internal/sidecar"
)

func TestMain(m *testing.M) { sidecar.Main(m) }

// A place is a store of requests, what lies under it, and a requester of its own.
type place struct {
	*approvals.Store
	records   *pannier.Store
	requester string
}

func (p place) make(t *testing.T, subject string) approvals.Request {
	t.Helper()
	made, err := p.Create(t.Context(), approvals.NewRequest(p.requester, subject))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// onEachStore runs a test on each store that there is.
func onEachStore(t *testing.T, test func(t *testing.T, store place)) {
	t.Helper()
	for _, running := range sidecar.Running(t) {
		t.Run(running.Store, func(t *testing.T) {
			records, err := pannier.Connect(running.Address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { records.Close() })
			requester := "alice-" + strings.ToLower(rand.Text())
			test(t, place{approvals.New(records, time.Hour), records, requester})
		})
	}
}

func subjects(t *testing.T, store place) (found []string) {
	t.Helper()
	for request, err := range store.List(t.Context(), store.requester) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, request.Subject)
	}
	return found
}

func wantError(t *testing.T, err, want error, others ...error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v is not %v", err, want)
	}
	for _, other := range others {
		if errors.Is(err, other) {
			t.Errorf("%v is also %v", err, other)
		}
	}
}

func TestARequestIsReadAsItWasMade(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		made := store.make(t, "deploy 4.2 – naïve 日本")
		read, err := store.Get(t.Context(), store.requester, made.ID)
		if err != nil || read != made {
			t.Errorf("%+v, %v is not %+v", read, err, made)
		}
	})
}

func TestARequestIsMadeOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		made := store.make(t, "first")
		again := made
		again.Subject = "second"
		_, err := store.Create(t.Context(), again)
		wantError(t, err, approvals.ErrExists)
		if read, err := store.Get(t.Context(), store.requester, made.ID); err != nil || read != made {
			t.Errorf("%+v, %v is not the first", read, err)
		}
	})
}

func TestARequestThatWasNeverMadeIsNotFound(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		_, err := store.Get(t.Context(), store.requester, approvals.NewID(time.Now()))
		wantError(t, err, approvals.ErrNotFound)
	})
}

func TestADecisionIsWritten(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		request := store.make(t, "deploy")
		if err := request.Decide(approvals.Approved, "bob", "fine"); err != nil {
			t.Fatal(err)
		}
		updated, err := store.Update(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		read, err := store.Get(t.Context(), store.requester, request.ID)
		if err != nil || read != updated || read.Status != approvals.Approved || read.Approver != "bob" {
			t.Errorf("%+v, %v", read, err)
		}
	})
}

func TestOfTwoWhoDecideTheSecondIsToldOfTheFirst(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		bobs := store.make(t, "deploy")
		carols := bobs
		if err := errors.Join(bobs.Decide(approvals.Approved, "bob", ""), carols.Decide(approvals.Rejected, "carol", "")); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Update(t.Context(), bobs); err != nil {
			t.Fatal(err)
		}
		_, err := store.Update(t.Context(), carols)
		wantError(t, err, approvals.ErrChanged, approvals.ErrNotFound)
		var conflict *pannier.VersionConflictError
		if !errors.As(err, &conflict) || conflict.ActualVersion != 2 {
			t.Errorf("%v does not tell the version that is there", err)
		}
	})
}

func TestADecisionOnARequestThatIsGoneIsToldApartFromALostRace(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		request := store.make(t, "deploy")
		if err := store.Delete(t.Context(), store.requester, request.ID); err != nil {
			t.Fatal(err)
		}
		_, err := store.Update(t.Context(), request)
		wantError(t, err, approvals.ErrNotFound, approvals.ErrChanged)
	})
}

func TestARequestThatWasMadeAnewIsNotTheOneThatWasRead(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		request := store.make(t, "deploy")
		if err := store.Delete(t.Context(), store.requester, request.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Create(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		_, err := store.Update(t.Context(), request)
		wantError(t, err, approvals.ErrChanged)
	})
}

func TestOnlyARequestThatWasReadIsUpdated(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		_, err := store.Update(t.Context(), approvals.NewRequest(store.requester, "deploy"))
		wantError(t, err, approvals.ErrInvalid)
	})
}

func TestDeletingWhatIsNotThereIsNoError(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		request := store.make(t, "deploy")
		for range 2 {
			if err := store.Delete(t.Context(), store.requester, request.ID); err != nil {
				t.Error(err)
			}
		}
		_, err := store.Get(t.Context(), store.requester, request.ID)
		wantError(t, err, approvals.ErrNotFound)
	})
}

func TestALifetimeCountsFromTheStartAndADecisionDoesNotProlongIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		request := store.make(t, "deploy")
		if left := time.Until(request.ExpireTime); left < 59*time.Minute || left > 61*time.Minute {
			t.Errorf("it lives for %v", left)
		}
		brief := approvals.New(store.records, time.Minute)
		if err := request.Decide(approvals.Rejected, "bob", ""); err != nil {
			t.Fatal(err)
		}
		updated, err := brief.Update(t.Context(), request)
		if err != nil || !updated.ExpireTime.Equal(request.ExpireTime) {
			t.Errorf("%v, %v is not %v", updated.ExpireTime, err, request.ExpireTime)
		}
	})
}

func TestARequestGoesAwayWhenItsTimeIsOver(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		brief := approvals.New(store.records, time.Millisecond) // until the next whole second
		request, err := brief.Create(t.Context(), approvals.NewRequest(store.requester, "deploy"))
		for err == nil {
			_, err = brief.Get(t.Context(), store.requester, request.ID)
		}
		wantError(t, err, approvals.ErrNotFound)
		if found := subjects(t, store); len(found) > 0 {
			t.Errorf("the list still has %v", found)
		}
	})
}

func TestAListHasTheNewestFirst(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		var want []string
		for number := range 12 {
			subject := fmt.Sprint("subject ", number)
			store.make(t, subject)
			want = append([]string{subject}, want...)
		}
		if found := subjects(t, store); fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("it has %v, not %v", found, want)
		}
	})
}

func TestAListHasOnlyTheRequestersOwnRequests(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		store.make(t, "mine")
		other := place{store.Store, store.records, store.requester + "2"}
		other.make(t, "not mine")
		if _, err := store.records.Put(t.Context(), store.requester+":setting", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if found := subjects(t, store); fmt.Sprint(found) != "[mine]" {
			t.Errorf("it has %v", found)
		}
	})
}

func TestAListNamesWhatIsNoRequestAndGoesOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		store.make(t, "old")
		key := store.requester + ":approval:" + approvals.NewID(time.Now())
		if _, err := store.records.Put(t.Context(), key, []byte("no JSON")); err != nil {
			t.Fatal(err)
		}
		store.make(t, "new")
		var found []string
		for request, err := range store.List(t.Context(), store.requester) {
			if err != nil {
				wantError(t, err, approvals.ErrInvalid)
				found = append(found, "invalid")
				continue
			}
			found = append(found, request.Subject)
		}
		if fmt.Sprint(found) != "[new invalid old]" {
			t.Errorf("it has %v", found)
		}
	})
}

func TestARequesterCannotReachIntoAnothersRequests(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		_, err := store.Create(t.Context(), approvals.NewRequest(store.requester+":approval", "deploy"))
		wantError(t, err, pannier.ErrInvalidArgument)
		for _, err := range store.List(t.Context(), store.requester+":approval") {
			wantError(t, err, pannier.ErrInvalidArgument)
		}
	})
}

func TestACanceledContextIsTheCallersOwnError(t *testing.T) {
	onEachStore(t, func(t *testing.T, store place) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := store.Get(ctx, store.requester, approvals.NewID(time.Now()))
		wantError(t, err, context.Canceled)
	})
}
