package pannier_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	pannier "github.com/pannier/pannier/client/go"
)

// sidecarAddress is where a sidecar for examples listens; empty where there is none.
var sidecarAddress string

// TestMain starts a sidecar, because examples show what a real one answers.
func TestMain(m *testing.M) {
	flag.Parse()
	stop, err := startSidecar()
	if err != nil {
		fmt.Fprintln(os.Stderr, "examples are skipped:", err)
		skipExamples()
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

// startSidecar starts a sidecar that holds nothing, and lets clients find it by the
// environment.
func startSidecar() (stop func(), err error) {
	// Not in a test's own folder: a socket's path has at most 107 bytes.
	folder, err := os.MkdirTemp("", "pannier-")
	if err != nil {
		return func() {}, err
	}
	address := "unix:" + filepath.Join(folder, "sidecar.sock")
	process, err := startProcess("memory:", address)
	if err != nil {
		return func() { os.RemoveAll(folder) }, err
	}
	stop = func() {
		process.stop()
		os.RemoveAll(folder)
	}
	sidecarAddress = address
	return stop, os.Setenv(pannier.AddressVariable, address)
}

// skipExamples is for examples what Skip is for tests, which they lack.
func skipExamples() {
	skip := flag.Lookup("test.skip")
	pattern := "^Example"
	if given := skip.Value.String(); given != "" {
		pattern += "|" + given
	}
	if err := skip.Value.Set(pattern); err != nil {
		panic(err)
	}
}
