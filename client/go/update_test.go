package pannier_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// updatable holds one record, and gives its writes the answers of a test.
func updatable(answers ...error) (*fakeSidecar, *[]*pb.PutIfVersionRequest) {
	var written []*pb.PutIfVersionRequest
	record := &pb.Record{Key: "o:a", Data: []byte("one"), Version: 4, Etag: "e4"}
	return &fakeSidecar{
		get: func(context.Context, *pb.GetRequest) (*pb.GetResponse, error) { return getResponse(record), nil },
		putIfVersion: func(_ context.Context, r *pb.PutIfVersionRequest) (*pb.PutIfVersionResponse, error) {
			written = append(written, r)
			if len(written) <= len(answers) && answers[len(written)-1] != nil {
				return nil, answers[len(written)-1]
			}
			return &pb.PutIfVersionResponse{Version: r.GetExpectedVersion() + 1, Etag: "e5"}, nil
		},
	}, &written
}

func lostRace() error {
	return failure(codes.Aborted, "VERSION_CONFLICT", "not_applied", &pb.VersionConflict{ActualVersion: 5})
}

func appendBang(data []byte) ([]byte, error) { return append(data, '!'), nil }

func TestAnUpdateWritesOverExactlyWhatItRead(t *testing.T) {
	sidecar, written := updatable()
	store := connectTo(t, sidecar)
	record, err := store.Update(context.Background(), "o:a", appendBang)
	if err != nil {
		t.Fatal(err)
	}
	request := (*written)[0]
	if request.GetExpectedVersion() != 4 || request.GetEtag() != "e4" || !request.GetNeverExpires() {
		t.Errorf("it wrote %v", request)
	}
	if string(record.Data) != "one!" || record.Version != 5 || record.ETag != "e5" {
		t.Errorf("it returned %v", record)
	}
}

func TestAnUpdateKeepsTheExpiryOrSetsWhatIsAsked(t *testing.T) {
	sidecar, written := updatable()
	at := time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	sidecar.get = func(context.Context, *pb.GetRequest) (*pb.GetResponse, error) {
		return getResponse(&pb.Record{Key: "o:a", Version: 1, ExpireTime: timestamppb.New(at)}), nil
	}
	store := connectTo(t, sidecar)
	for _, options := range [][]pannier.UpdateOption{nil, {pannier.WithNeverExpires()}} {
		if _, err := store.Update(context.Background(), "o:a", appendBang, options...); err != nil {
			t.Fatal(err)
		}
	}
	if got := (*written)[0].GetExpireTime().AsTime(); !got.Equal(at) {
		t.Errorf("it kept %v", got)
	}
	if !(*written)[1].GetNeverExpires() {
		t.Error("it did not set what was asked")
	}
}

func TestAnUpdateReadsAgainAfterALostRace(t *testing.T) {
	sidecar, written := updatable(lostRace(), lostRace())
	store := connectTo(t, sidecar)
	if _, err := store.Update(context.Background(), "o:a", appendBang); err != nil {
		t.Fatal(err)
	}
	if len(*written) != 3 {
		t.Errorf("it wrote %d times", len(*written))
	}
}

func TestAChangeThatFailsEndsTheUpdateWithItsOwnError(t *testing.T) {
	conflictOfAnother := &pannier.VersionConflictError{Err: &pannier.Error{WriteOutcome: pannier.OutcomeNotApplied}}
	for _, own := range []error{errors.New("no"), conflictOfAnother} {
		sidecar, written := updatable()
		store := connectTo(t, sidecar)
		calls := 0
		_, err := store.Update(context.Background(), "o:a", func([]byte) ([]byte, error) {
			calls++
			return nil, own
		})
		if err != own || calls != 1 || len(*written) != 0 {
			t.Errorf("%v after %d calls and %d writes", err, calls, len(*written))
		}
	}
}

func TestAChangeMayLeaveTheRecord(t *testing.T) {
	sidecar, written := updatable()
	store := connectTo(t, sidecar)
	record, err := store.Update(context.Background(), "o:a", func(data []byte) ([]byte, error) {
		data[0] = 'X'
		return nil, fmt.Errorf("nothing to do: %w", pannier.ErrUnchanged)
	})
	if err != nil || string(record.Data) != "one" || record.Version != 4 || len(*written) != 0 {
		t.Errorf("%v, %q, %d writes", err, record.Data, len(*written))
	}
}

func TestAnUpdateInDoubtIsNothingElse(t *testing.T) {
	conflictInDoubt := failure(codes.Aborted, "VERSION_CONFLICT", "unknown")
	for _, last := range []error{status.Error(codes.Unavailable, "gone"), conflictInDoubt} {
		sidecar, written := updatable(last)
		store := connectTo(t, sidecar, pannier.WithoutRetries())
		_, err := store.Update(context.Background(), "o:a", func(data []byte) ([]byte, error) {
			data[0] = 'O'
			return data, nil
		})
		var unknown *pannier.OutcomeUnknownError
		if !errors.As(err, &unknown) || !errors.Is(err, pannier.ErrOutcomeUnknown) {
			t.Fatalf("%v is not ErrOutcomeUnknown", err)
		}
		if errors.Is(err, pannier.ErrVersionConflict) || errors.Is(err, pannier.ErrUnavailable) {
			t.Errorf("%v is something else as well", err)
		}
		if string(unknown.Record.Data) != "one" || string(unknown.Data) != "One" || len(*written) != 1 {
			t.Errorf("%q to %q in %d writes", unknown.Record.Data, unknown.Data, len(*written))
		}
		wantOutcome(t, err, pannier.OutcomeUnknown)
	}
}

func TestACanceledUpdateInDoubtIsTheCallersOwnErrorToo(t *testing.T) {
	sidecar, _ := updatable()
	ctx, cancel := context.WithCancel(context.Background())
	sidecar.putIfVersion = func(ctx context.Context, _ *pb.PutIfVersionRequest) (*pb.PutIfVersionResponse, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	store := connectTo(t, sidecar)
	_, err := store.Update(ctx, "o:a", appendBang)
	if !errors.Is(err, pannier.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not both", err)
	}
}

func TestAnUpdateThatCannotReadWroteNothing(t *testing.T) {
	sidecar, _ := updatable()
	sidecar.get = func(context.Context, *pb.GetRequest) (*pb.GetResponse, error) {
		return nil, failure(codes.NotFound, "RECORD_NOT_FOUND", "")
	}
	store := connectTo(t, sidecar)
	_, err := store.Update(context.Background(), "o:a", appendBang)
	if !errors.Is(err, pannier.ErrNotFound) {
		t.Fatalf("%v is not ErrNotFound", err)
	}
	wantOutcome(t, err, pannier.OutcomeNotApplied)
}
