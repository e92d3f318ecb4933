package pannier_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

// selfSigned returns a certificate for a name, and a pool that trusts it.
func selfSigned(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},

		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key}, pool
}

// serveTLS lets a sidecar answer over TLS at a port, and tells who its callers are
// by their certificates.
func serveTLS(t *testing.T, config *tls.Config) (address string, callers chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	callers = make(chan string, 1)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)))
	pb.RegisterStorageBackendServer(server, &fakeSidecar{
		get: func(ctx context.Context, _ *pb.GetRequest) (*pb.GetResponse, error) {
			caller, _ := peer.FromContext(ctx)
			name := ""
			for _, shown := range caller.AuthInfo.(credentials.TLSInfo).State.PeerCertificates {
				name = shown.Subject.CommonName
			}
			callers <- name
			return getResponse(&pb.Record{Version: 1}), nil
		},
	})
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String(), callers
}

func TestTLSTrustsTheRootsItIsGivenAndShowsTheClientsCertificate(t *testing.T) {
	serversOwn, serverRoots := selfSigned(t, "storage.example")
	clientsOwn, clientRoots := selfSigned(t, "billing")
	address, callers := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{serversOwn},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clientRoots,
	})
	store := connect(t, address, pannier.WithTLS(&tls.Config{
		RootCAs: serverRoots, ServerName: "storage.example", Certificates: []tls.Certificate{clientsOwn},
	}))
	if _, err := store.Get(context.Background(), "o:a"); err != nil {
		t.Fatal(err)
	}
	if caller := <-callers; caller != "billing" {
		t.Errorf("the sidecar saw %q", caller)
	}
}

func TestTLSRefusesACertificateOfAnotherNameOrRoot(t *testing.T) {
	serversOwn, serverRoots := selfSigned(t, "storage.example")
	address, _ := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{serversOwn}})
	for name, config := range map[string]*tls.Config{
		"another name":       {RootCAs: serverRoots, ServerName: "other.example"},
		"the address's name": {RootCAs: serverRoots},
		"the system's roots": nil,
	} {
		store := connect(t, address, pannier.WithTLS(config), pannier.WithoutRetries())
		_, err := store.Put(context.Background(), "o:a", nil)
		if !errors.Is(err, pannier.ErrUnavailable) {
			t.Errorf("%s: %v is not ErrUnavailable", name, err)
		}
		wantText(t, err, "certificate")
		wantOutcome(t, err, pannier.OutcomeNotApplied)
	}
}
