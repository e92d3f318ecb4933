package pannier_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// commandVariable is the environment variable that names the command of a sidecar.
const commandVariable = "PANNIER_COMMAND"

var errNoSidecar = fmt.Errorf(
	"no sidecar: run `make setup` in the checkout's root, or set %s to the command `pannier`", commandVariable)

// Runs a command, whose process id it prints, until the standard input ends, which
// it does however a test ends, also by log.Fatal.
const untilInputEnds = `"$0" "$@" & echo $!; read -r _; kill $! 2>/dev/null; wait`

// A sidecarProcess is a real sidecar.
type sidecarProcess struct {
	pid  int
	stop func()
}

// kill ends the sidecar as a crash does.
func (p *sidecarProcess) kill() error {
	defer p.stop()
	process, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// startProcess starts a sidecar, and returns once it listens.
func startProcess(store, address string) (*sidecarProcess, error) {
	command, err := sidecarCommand()
	if err != nil {
		return nil, err
	}
	process := exec.Command("sh", "-c", untilInputEnds,
		command, "serve", "--store="+store, "--listen="+address, "--log-level=warning")
	process.Env = environmentWithoutPannier()
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	started := &sidecarProcess{stop: sync.OnceFunc(func() {
		input.Close()
		process.Wait()
	})}
	if started.pid, err = untilItListens(bufio.NewReader(output)); err != nil {
		started.stop()
		return nil, fmt.Errorf("the sidecar did not start: %w", err)
	}
	return started, nil
}

// untilItListens returns the process id, which comes first; the sidecar itself
// prints a line once it listens.
func untilItListens(output *bufio.Reader) (int, error) {
	first, err := output.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if _, err := output.ReadString('\n'); err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(first))
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
