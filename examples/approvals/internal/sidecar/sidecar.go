// Package sidecar starts sidecars for tests.
package sidecar

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	// CommandVariable is the environment variable that names the command `pannier`.
	CommandVariable = "PANNIER_COMMAND"

	// StoresVariable is the environment variable with the URLs of further stores to
	// run the tests on, separated by spaces.
	StoresVariable = "PANNIER_TEST_STORES"
)

// ErrAbsent means that there is no sidecar to start.
var ErrAbsent = fmt.Errorf(
	"no sidecar: run `make setup` in the checkout's root, or set %s to the command `pannier`", CommandVariable)

// Runs a command until the standard input ends, which it does however a test ends.
const untilInputEnds = `"$0" "$@" & read -r _; kill $!; wait`

// A Sidecar is a running one.
type Sidecar struct {
	// Store is the kind of its store, such as "sqlite".
	Store string
	// Address is where it listens.
	Address string

	folder  string
	input   io.Closer
	process *exec.Cmd
}

var (
	running []*Sidecar
	absent  error
)

// Main runs the tests of a package beside sidecars, and exits; a package's TestMain is no more
// than this. There is one sidecar on SQLite, and one on each of the environment's further
// stores.
func Main(m *testing.M) {
	flag.Parse()
	running, absent = startAll()
	if absent != nil && !errors.Is(absent, ErrAbsent) {
		fmt.Fprintln(os.Stderr, absent)
		os.Exit(1)
	}
	code := m.Run()
	stopAll(running)
	os.Exit(code)
}

// Running returns the sidecars that Main started; where there are none, the test is skipped.
func Running(t *testing.T) []*Sidecar {
	t.Helper()
	if absent != nil {
		t.Skip(absent)
	}
	return running
}

func startAll() ([]*Sidecar, error) {
	command, err := findCommand()
	if err != nil {
		return nil, err
	}
	var started []*Sidecar
	for _, store := range append([]string{"sqlite:"}, strings.Fields(os.Getenv(StoresVariable))...) {
		sidecar, err := start(command, store)
		if err != nil {
			stopAll(started)
			return nil, err
		}
		started = append(started, sidecar)
	}
	return started, nil
}

func stopAll(sidecars []*Sidecar) {
	for _, sidecar := range sidecars {
		sidecar.stop()
	}
}

func findCommand() (string, error) {
	if command := os.Getenv(CommandVariable); command != "" {
		return command, nil
	}
	for folder, err := os.Getwd(); err == nil && folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		command := filepath.Join(folder, ".venv", "bin", "pannier")
		if _, err := os.Stat(command); err == nil {
			return command, nil
		}
	}
	return "", ErrAbsent
}

func start(command, store string) (*Sidecar, error) {
	kind, _, _ := strings.Cut(store, ":")
	// Not in a test's own folder: a socket's path has at most 107 bytes.
	folder, err := os.MkdirTemp("", "pannier-")
	if err != nil {
		return nil, err
	}
	if store == "sqlite:" {
		store = (&url.URL{Scheme: kind, Path: filepath.Join(folder, "records.db")}).String()
	}
	sidecar := &Sidecar{Store: kind, Address: "unix:" + filepath.Join(folder, "s.sock"), folder: folder}
	if err := sidecar.serve(command, store); err != nil {
		sidecar.stop()
		return nil, fmt.Errorf("a sidecar on %s: %w", kind, err)
	}
	return sidecar, nil
}

// serve starts the process, and returns once it listens.
func (s *Sidecar) serve(command, store string) error {
	s.process = exec.Command("sh", "-c", untilInputEnds,
		command, "serve", "--store="+store, "--listen="+s.Address, "--log-level=warning")
	s.process.Stderr = os.Stderr
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PANNIER_") {
			s.process.Env = append(s.process.Env, entry)
		}
	}
	input, err := s.process.StdinPipe()
	if err != nil {
		return err
	}
	output, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.input = input
	// It prints a line once it listens.
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		return errors.Join(errors.New("it ended before it listened"), err)
	}
	return nil
}

func (s *Sidecar) stop() {
	if s.input != nil {
		s.input.Close()
		s.process.Wait()
	}
	os.RemoveAll(s.folder)
}
