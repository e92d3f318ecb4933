package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	pannier "github.com/pannier/pannier/client/go"
	"github.com/pannier/pannier/examples/approvals"
	"github.com/pannier/pannier/examples/approvals/internal/sidecar"
)

func TestMain(m *testing.M) { sidecar.Main(m) }

// commandLine runs a command line on a sidecar, and returns what it prints.
func commandLine(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var output bytes.Buffer
	err := run(t.Context(), append([]string{"-address", sidecar.Running(t)[0].Address}, arguments...), &output)
	return output.String(), err
}

func succeed(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := commandLine(t, arguments...)
	if err != nil {
		t.Fatalf("%q: %v", arguments, err)
	}
	return output
}

func wantParts(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not show %q", text, part)
		}
	}
}

func TestARequestGoesItsWay(t *testing.T) {
	id := strings.TrimSpace(succeed(t, "request", "erin", "deploy", "4.2"))
	wantParts(t, succeed(t, "list", "erin"), id, "pending", "deploy 4.2")
	wantParts(t, succeed(t, "approve", "erin", id, "bob", "go", "ahead"), "approved", "bob", "go ahead")
	wantParts(t, succeed(t, "show", "erin", id), "approved", "expires")
	if _, err := commandLine(t, "reject", "erin", id, "carol"); !errors.Is(err, approvals.ErrDecided) {
		t.Errorf("%v is not ErrDecided", err)
	}
	for range 2 {
		succeed(t, "withdraw", "erin", id)
	}
	if _, err := commandLine(t, "show", "erin", id); !errors.Is(err, approvals.ErrNotFound) {
		t.Errorf("%v is not ErrNotFound", err)
	}
}

func TestALifetimeCanBeChosen(t *testing.T) {
	succeed(t, "-lifetime", "1h", "request", "fay", "deploy")
	if _, err := commandLine(t, "-lifetime", "0", "request", "fay", "deploy"); !errors.Is(err, pannier.ErrInvalidArgument) {
		t.Errorf("%v is not ErrInvalidArgument", err)
	}
}

func TestWhatOthersWroteDoesNotSteerTheTerminal(t *testing.T) {
	id := strings.TrimSpace(succeed(t, "request", "gil", "red\x1b[31m\nalert"))
	for _, output := range []string{succeed(t, "list", "gil"), succeed(t, "show", "gil", id)} {
		wantParts(t, output, "red [31m alert")
	}
}

func TestACommandThatIsNoneIsRefused(t *testing.T) {
	for _, arguments := range [][]string{{}, {"nothing"}, {"approve", "erin", "id"}, {"-nothing"}} {
		if _, err := commandLine(t, arguments...); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", arguments, err)
		}
	}
	wantParts(t, succeed(t, "-h"), "withdraw")
}

func TestTheReadmesCommandsWork(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllSubmatch(readme, -1)
	if len(blocks) < 2 {
		t.Fatal("the README has no commands after those that start a sidecar")
	}
	shell := exec.Command("sh", "-e", "-c", string(blocks[1][1]))
	shell.Dir = "../.."
	shell.Env = append(os.Environ(), pannier.AddressVariable+"="+sidecar.Running(t)[0].Address)
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	wantParts(t, string(output), "pending", "approved", "bob", "deploy 4.2 to production")
}
