package pannier_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// endless lists pages of one record each, until its caller leaves.
func endless(left chan<- struct{}) *fakeSidecar {
	return &fakeSidecar{list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
		for number := 0; stream.Context().Err() == nil; number++ {
			if err := stream.Send(page(fmt.Sprint(number), fmt.Sprintf("after %d", number))); err != nil {
				break
			}
		}
		left <- struct{}{}
		return stream.Context().Err()
	}}
}

func page(name, nextToken string) *pb.ListByPrefixResponse {
	return &pb.ListByPrefixResponse{
		Records:       []*pb.Record{{Key: "o:" + name, Version: 1, Etag: "e"}},
		NextPageToken: nextToken,
	}
}

// keys reads a list to its end.
func keys(t *testing.T, store *pannier.Store, options ...pannier.ListOption) ([]string, error) {
	t.Helper()
	var found []string
	for record, err := range store.List(context.Background(), "o:", options...) {
		if err != nil {
			return found, err
		}
		found = append(found, record.Key)
	}
	return found, nil
}

func wantKeys(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the list has %v, not %v", got, want)
	}
}

func TestLeavingAListEndsItsStream(t *testing.T) {
	left := make(chan struct{})
	store := connectTo(t, endless(left))
	for _, err := range store.List(context.Background(), "o:") {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	<-left
}

func TestAPanicInTheLoopEndsTheStream(t *testing.T) {
	left := make(chan struct{})
	store := connectTo(t, endless(left))
	func() {
		defer func() { _ = recover() }()
		for range store.ListPages(context.Background(), "o:") {
			panic("in the loop")
		}
	}()
	<-left
}

func TestEachRangeIsAListOfItsOwn(t *testing.T) {
	lists := 0
	store := connectTo(t, &fakeSidecar{list: func(request *pb.ListByPrefixRequest, stream pageStream) error {
		lists++
		if request.GetPageToken() != "" {
			t.Errorf("it goes on from %q", request.GetPageToken())
		}
		return errors.Join(stream.Send(page("a", "next")), stream.Send(page("b", "")))
	}}, pannier.WithoutRetries())
	list := store.List(context.Background(), "o:")
	for range 2 {
		count := 0
		for _, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
		if count != 2 {
			t.Errorf("it has %d records", count)
		}
	}
	if lists != 2 {
		t.Errorf("there were %d calls", lists)
	}
}

func TestAStreamThatEndsBeforeTheListDoesIsABreak(t *testing.T) {
	store := connectTo(t, &fakeSidecar{list: func(request *pb.ListByPrefixRequest, stream pageStream) error {
		if request.GetPageToken() == "after a" {
			return stream.Send(page("b", ""))
		}
		return stream.Send(page("a", "after a"))
	}})
	found, err := keys(t, store)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, found, "o:a", "o:b")
}

func TestALimitIsCountedDownOverBreaks(t *testing.T) {
	var limits []uint32
	store := connectTo(t, &fakeSidecar{list: func(request *pb.ListByPrefixRequest, stream pageStream) error {
		limits = append(limits, request.GetLimit())
		name := fmt.Sprint(len(limits))
		return errors.Join(stream.Send(page(name, "after "+name)), status.Error(codes.Unavailable, "break"))
	}})
	found, err := keys(t, store, pannier.WithLimit(3))
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, found, "o:1", "o:2", "o:3")
	if fmt.Sprint(limits) != "[3 2 1]" {
		t.Errorf("the limits are %v", limits)
	}
}

func TestEachBreakHasAttemptsOfItsOwn(t *testing.T) {
	streams := 0
	store := connectTo(t, &fakeSidecar{list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
		streams++
		if streams == 8 {
			return stream.Send(page("last", ""))
		}
		if streams%2 == 0 {
			return status.Error(codes.Unavailable, "nothing")
		}
		return errors.Join(stream.Send(page(fmt.Sprint(streams), "t")), status.Error(codes.Unavailable, "break"))
	}}, pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: 3}))
	found, err := keys(t, store)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, found, "o:1", "o:3", "o:5", "o:7", "o:last")
}

func TestAListWhoseBreakLastsEndsWithItsErrorAfterItsRecords(t *testing.T) {
	store := connectTo(t, &fakeSidecar{list: func(request *pb.ListByPrefixRequest, stream pageStream) error {
		if request.GetPageToken() == "" {
			return errors.Join(stream.Send(page("a", "t")), status.Error(codes.Unavailable, "break"))
		}
		return status.Error(codes.Unavailable, "still broken")
	}}, pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: 3}))
	found, err := keys(t, store)
	wantKeys(t, found, "o:a")
	if !errors.Is(err, pannier.ErrUnavailable) {
		t.Errorf("%v is not ErrUnavailable", err)
	}
}

func TestAPageMayHoldTheLargestRecord(t *testing.T) {
	store := connectTo(t, &fakeSidecar{list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
		return stream.Send(&pb.ListByPrefixResponse{Records: []*pb.Record{{Data: make([]byte, 7<<20)}}})
	}})
	for record, err := range store.List(context.Background(), "o:") {
		if err != nil || len(record.Data) != 7<<20 {
			t.Errorf("it holds %d bytes, %v", len(record.Data), err)
		}
	}
}

func TestUnreadableRowsAreCountedAndKeptUpToALimit(t *testing.T) {
	rows := make([]*pb.UnreadableRecord, 1200)
	for i := range rows {
		rows[i] = &pb.UnreadableRecord{Key: fmt.Sprintf("o:%d", i), Problem: "no version"}
	}
	store := connectTo(t, &fakeSidecar{list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
		return stream.Send(&pb.ListByPrefixResponse{Unreadable: rows})
	}})
	_, err := keys(t, store)
	var unreadable *pannier.UnreadableRecordsError
	if !errors.As(err, &unreadable) || !errors.Is(err, pannier.ErrUnreadableRecords) {
		t.Fatalf("%v is not ErrUnreadableRecords", err)
	}
	if unreadable.Count != 1200 || len(unreadable.Unreadable) != 1000 {
		t.Errorf("it counts %d and keeps %d", unreadable.Count, len(unreadable.Unreadable))
	}
}

func TestListsRefuseWhatCannotBeAsked(t *testing.T) {
	store := connectTo(t, &fakeSidecar{})
	for argument, option := range map[string]pannier.ListOption{
		"page size":   pannier.WithPageSize(-1),
		"limit":       pannier.WithLimit(-1),
		"order":       pannier.WithOrder(7),
		"consistency": pannier.WithConsistency(7),
		"page token":  pannier.WithPageToken("\xff"),
	} {
		_, err := keys(t, store, option)
		var refused *pannier.ArgumentError
		if !errors.As(err, &refused) || refused.Argument != argument {
			t.Errorf("%v does not name the %s", err, argument)
		}
	}
}
