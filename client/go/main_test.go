package pannier_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	pannier "github.com/pannier/pannier/client/go"
)

// commandVariable is the environment variable that names the command of a sidecar.
const commandVariable = "PANNIER_COMMAND"

var errNoSidecar = fmt.Errorf(
	"no sidecar: run `make setup` in the checkout's root, or set %s to the command `pannier`", commandVariable)

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

// Runs a command until the standard input ends, which it does however a test ends,
// also by log.Fatal.
const untilInputEnds = `"$0" "$@" & read -r _; kill $!; wait`

// startSidecar starts a sidecar that holds nothing, and lets clients find it by the
// environment.
func startSidecar() (stop func(), err error) {
	command, err := sidecarCommand()
	if err != nil {
		return func() {}, err
	}
	// Not in a test's own folder: a socket's path has at most 107 bytes.
	folder, err := os.MkdirTemp("", "pannier-")
	if err != nil {
		return func() {}, err
	}
	removeFolder := func() { os.RemoveAll(folder) }
	address := "unix:" + filepath.Join(folder, "sidecar.sock")
	process := exec.Command("sh", "-c", untilInputEnds,
		command, "serve", "--store=memory:", "--listen="+address, "--log-level=warning")
	process.Env = environmentWithoutPannier()
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return removeFolder, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return removeFolder, err
	}
	if err := process.Start(); err != nil {
		return removeFolder, err
	}
	stop = func() {
		input.Close()
		process.Wait()
		removeFolder()
	}
	// It prints a line once it listens.
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		return stop, fmt.Errorf("the sidecar did not start: %q, %w", line, err)
	}
	sidecarAddress = address
	return stop, os.Setenv(pannier.AddressVariable, address)
}

func sidecarCommand() (string, error) {
	if command := os.Getenv(commandVariable); command != "" {
		return command, nil
	}
	command, err := filepath.Abs("../../.venv/bin/pannier")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(command); errors.Is(err, os.ErrNotExist) {
		return "", errNoSidecar
	}
	return command, nil
}

func environmentWithoutPannier() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PANNIER_") {
			kept = append(kept, entry)
		}
	}
	return kept
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
