package pannier_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

func wantText(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("%v does not say %q", err, part)
	}
}

// recording keeps the metadata of the calls that come.
func recording() (*fakeSidecar, *[]metadata.MD) {
	var seen []metadata.MD
	return &fakeSidecar{
		get: func(ctx context.Context, _ *pb.GetRequest) (*pb.GetResponse, error) {
			md, _ := metadata.FromIncomingContext(ctx)
			seen = append(seen, md)
			return getResponse(&pb.Record{Version: 1}), nil
		},
		list: func(_ *pb.ListByPrefixRequest, stream pageStream) error {
			md, _ := metadata.FromIncomingContext(stream.Context())
			seen = append(seen, md)
			return stream.Send(&pb.ListByPrefixResponse{})
		},
	}, &seen
}

func TestTokenAndMetadataGoWithEachCall(t *testing.T) {
	sidecar, seen := recording()
	store := connectTo(t, sidecar, pannier.WithToken("sesame"), pannier.WithMetadata("x-team", "blue"),
		pannier.WithMetadata("x-trace-bin", "\x00\xff"))
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-caller", "alice")
	if _, err := store.Get(ctx, "o:a"); err != nil {
		t.Fatal(err)
	}
	for _, err := range store.List(ctx, "o:") {
		t.Fatal(err)
	}
	for _, md := range *seen {
		for name, want := range map[string]string{
			"authorization": "Bearer sesame", "x-team": "blue", "x-trace-bin": "\x00\xff", "x-caller": "alice",
		} {
			if got := md.Get(name); fmt.Sprint(got) != fmt.Sprint([]string{want}) {
				t.Errorf("%s is %q", name, got)
			}
		}
	}
	if len(*seen) != 2 {
		t.Errorf("there were %d calls", len(*seen))
	}
}

func TestWhatCannotBeSentIsRefused(t *testing.T) {
	for name, option := range map[string]pannier.ConnectOption{
		"an empty token":              pannier.WithToken(""),
		"a token with a line break":   pannier.WithToken("secret\n"),
		"a token that is no ASCII":    pannier.WithToken("geheimß"),
		"an upper-case metadata name": pannier.WithMetadata("X-Team", "blue"),
		"a reserved metadata name":    pannier.WithMetadata("grpc-timeout", "1S"),
		"an empty metadata name":      pannier.WithMetadata("", "blue"),
		"a binary metadata value":     pannier.WithMetadata("x-team", "\x00"),
		"negative attempts":           pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: -1}),
		"a negative pause":            pannier.WithRetries(pannier.RetryPolicy{InitialBackoff: -1}),
		"pauses that shrink": pannier.WithRetries(
			pannier.RetryPolicy{InitialBackoff: 2 * time.Second, MaxBackoff: time.Second}),
	} {
		_, err := pannier.Connect("localhost:1", option)
		var refused *pannier.ArgumentError
		if !errors.As(err, &refused) || !errors.Is(err, pannier.ErrInvalidArgument) {
			t.Errorf("%s: %v is no ArgumentError", name, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%v tells the token", err)
		}
	}
}

func TestAStoreShowsItsAddressAndNoSecret(t *testing.T) {
	store := connect(t, "localhost:50051", pannier.WithToken("sesame"))
	for _, shown := range []string{fmt.Sprint(store), fmt.Sprintf("%+v", store), store.String()} {
		if shown != "pannier.Store at localhost:50051" {
			t.Errorf("it shows %q", shown)
		}
	}
}

func TestTheAddressComesFromTheEnvironmentWhereNoneIsGiven(t *testing.T) {
	t.Setenv(pannier.AddressVariable, "localhost:7")
	if got := connect(t, "").Address(); got != "localhost:7" {
		t.Errorf("it is %s", got)
	}
	if got := connect(t, "localhost:8").Address(); got != "localhost:8" {
		t.Errorf("it is %s", got)
	}
	t.Setenv(pannier.AddressVariable, "nonsense")
	_, err := pannier.Connect("")
	wantText(t, err, "nonsense")
}

func TestARelativeSocketStaysWhereItWas(t *testing.T) {
	address, path := freeAddress(t)
	sidecar, _ := recording()
	serve(t, path, sidecar)
	t.Chdir(filepath.Dir(path))
	store := connect(t, "unix:"+filepath.Base(path))
	t.Chdir(os.TempDir())
	if _, err := store.Get(context.Background(), "o:a"); err != nil {
		t.Errorf("%s: %v", address, err)
	}
}

func TestASocketMayHaveAnyName(t *testing.T) {
	_, path := freeAddress(t)
	path = filepath.Join(filepath.Dir(path), "a %20?#ü.sock")
	sidecar, _ := recording()
	serve(t, path, sidecar)
	if _, err := connect(t, "unix:"+path).Get(context.Background(), "o:a"); err != nil {
		t.Error(err)
	}
}
