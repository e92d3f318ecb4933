// Command echo is the gRPC server in Go that Pannier's own transport is measured against.
//
// It answers /bench.Echo/Call with the request's bytes, unparsed, and
// /pannier.v1.StorageBackend/Get with one fixed record under the key that was asked for.
// Nothing is stored and nothing waits, so that its cost is grpc-go's own.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "grpc-go-echo:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "where to listen: HOST:PORT or unix:PATH")
	certificate := flag.String("tls-cert", "", "PEM file with the server's certificate; needs -tls-key")
	key := flag.String("tls-key", "", "PEM file with the certificate's private key; needs -tls-cert")
	recordBytes := flag.Int("record-bytes", 1024, "size of the data of the record that Get answers")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is not a flag: see -help", flag.Arg(0))
	}
	if *recordBytes < 0 {
		return fmt.Errorf("-record-bytes is %d: give 0 or more", *recordBytes)
	}
	options, err := serverOptions(*certificate, *key)
	if err != nil {
		return err
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&echoService, nil)
	server.RegisterService(&storageService, newFixedRecord(*recordBytes))
	return serve(server, *listen)
}

// serverOptions makes the server as cheap as it gets, with TLS where files are given.
func serverOptions(certificate, key string) ([]grpc.ServerOption, error) {
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		// Calls that find a goroutine ready cost about a tenth less CPU time.
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))),
	}
	if certificate == "" && key == "" {
		return options, nil
	}
	if certificate == "" || key == "" {
		return nil, fmt.Errorf("-tls-cert and -tls-key go together: give both or none")
	}
	tls, err := credentials.NewServerTLSFromFile(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("cannot use -tls-cert and -tls-key: %w", err)
	}
	return append(options, grpc.Creds(tls)), nil
}

// serve says on standard output where it listens, and serves until SIGTERM or Ctrl-C.
func serve(server *grpc.Server, address string) error {
	network, place := "tcp", address
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		network, place = "unix", path
	}
	listener, err := net.Listen(network, place)
	if err != nil {
		return fmt.Errorf("cannot listen on -listen %s: %w", address, err)
	}
	ended, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(ended, server.Stop)
	if network == "unix" {
		fmt.Printf("listening on unix:%s\n", place)
	} else {
		fmt.Printf("listening on %s\n", listener.Addr())
	}
	return server.Serve(listener)
}
