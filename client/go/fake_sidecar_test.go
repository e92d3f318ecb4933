package pannier_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// A fakeSidecar answers on a real socket what a test wants. A call that the test
// says nothing about is UNIMPLEMENTED.
type fakeSidecar struct {
	pb.UnimplementedStorageBackendServer
	get          func(context.Context, *pb.GetRequest) (*pb.GetResponse, error)
	put          func(context.Context, *pb.PutRequest) (*pb.PutResponse, error)
	putIfVersion func(context.Context, *pb.PutIfVersionRequest) (*pb.PutIfVersionResponse, error)
	delete       func(context.Context, *pb.DeleteRequest) (*pb.DeleteResponse, error)
	list         func(*pb.ListByPrefixRequest, pageStream) error
}

type pageStream = grpc.ServerStreamingServer[pb.ListByPrefixResponse]

func (f *fakeSidecar) Get(ctx context.Context, r *pb.GetRequest) (*pb.GetResponse, error) {
	return f.get(ctx, r)
}

func (f *fakeSidecar) Put(ctx context.Context, r *pb.PutRequest) (*pb.PutResponse, error) {
	return f.put(ctx, r)
}

func (f *fakeSidecar) PutIfVersion(
	ctx context.Context, r *pb.PutIfVersionRequest,
) (*pb.PutIfVersionResponse, error) {
	return f.putIfVersion(ctx, r)
}

func (f *fakeSidecar) Delete(ctx context.Context, r *pb.DeleteRequest) (*pb.DeleteResponse, error) {
	return f.delete(ctx, r)
}

func (f *fakeSidecar) ListByPrefix(r *pb.ListByPrefixRequest, stream pageStream) error {
	return f.list(r, stream)
}

// freeAddress returns a Unix socket's address at which nobody listens.
func freeAddress(t *testing.T) (address, path string) {
	t.Helper()
	// Not t.TempDir: a socket's path has at most 107 bytes.
	folder, err := os.MkdirTemp("", "pannier-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	path = filepath.Join(folder, "s.sock")
	return "unix:" + path, path
}

// serve lets a sidecar answer at a socket until the test ends, or it is stopped.
func serve(t *testing.T, path string, sidecar *fakeSidecar, options ...grpc.ServerOption) *grpc.Server {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	pb.RegisterStorageBackendServer(server, sidecar)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return server
}

// connectTo returns a store behind a fake sidecar.
func connectTo(t *testing.T, sidecar *fakeSidecar, options ...pannier.ConnectOption) *pannier.Store {
	t.Helper()
	address, path := freeAddress(t)
	serve(t, path, sidecar)
	return connect(t, address, options...)
}

func connect(t *testing.T, address string, options ...pannier.ConnectOption) *pannier.Store {
	t.Helper()
	store, err := pannier.Connect(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// failure returns a status as the sidecar sends it.
func failure(code codes.Code, reason, outcome string, more ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "pannier"}
	if outcome != "" {
		info.Metadata = map[string]string{"write_outcome": outcome}
	}
	answer, err := status.New(code, "what is wrong").WithDetails(append([]protoadapt.MessageV1{info}, more...)...)
	if err != nil {
		panic(err)
	}
	return answer.Err()
}

// onRetry calls something whenever the store is about to try again.
func onRetry(call func()) pannier.ConnectOption {
	return pannier.WithLogger(slog.New(retryHandler{call}))
}

type retryHandler struct{ call func() }

func (h retryHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h retryHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h retryHandler) WithGroup(string) slog.Handler            { return h }

func (h retryHandler) Handle(context.Context, slog.Record) error {
	h.call()
	return nil
}

func getResponse(record *pb.Record) *pb.GetResponse { return &pb.GetResponse{Record: record} }
