package pannier

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddressesBecomeTargets(t *testing.T) {
	workingDirectory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"unix:/run/p.sock":   "unix:///run/p.sock",
		"unix:///run/p.sock": "unix:///run/p.sock",
		"unix:/run/a b%.s":   "unix:///run/a%20b%25.s",
		"unix:p.sock":        "unix://" + filepath.Join(workingDirectory, "p.sock"),
		"localhost:50051":    "dns:///localhost:50051",
		"127.0.0.1:1":        "dns:///127.0.0.1:1",
		"[::1]:65535":        "dns:///[::1]:65535",
	} {
		if got, err := grpcTarget(address); got != want || err != nil {
			t.Errorf("%s becomes %s (%v), not %s", address, got, err, want)
		}
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, address := range []string{
		"unix:", "unix://host/p.sock", "unix:/" + strings.Repeat("a", 107), "localhost", ":50051", "host:",
		"host:0", "host:65536", "host:+1", "host:port", "::1:50051", "http://host:1", "[::1]", "",
	} {
		_, err := grpcTarget(address)
		wantRefused(t, err, "address")
	}
}

func TestTheDefaultSocketIsInTheUsersOwnDirectory(t *testing.T) {
	t.Setenv(AddressVariable, "")
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	if got, err := resolveAddress(""); got != "unix:/run/user/7/pannier/pannier.sock" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	own := filepath.Join(temporary, fmt.Sprintf("pannier-%d", os.Getuid()))
	for _, ignored := range []string{"", "relative"} {
		t.Setenv("XDG_RUNTIME_DIR", ignored)
		got, err := resolveAddress("")
		if got != "unix:"+filepath.Join(own, "pannier.sock") || err != nil {
			t.Errorf("%s, %v", got, err)
		}
	}
	if info, err := os.Stat(own); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory was not made for this user alone: %v, %v", info, err)
	}
}

func TestTheDirectoryForTemporaryFilesIsTheSidecars(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	second := t.TempDir()
	t.Setenv("TEMP", second)
	if got := temporaryFiles(); got != second {
		t.Errorf("it is %s, not %s", got, second)
	}
}

func TestADirectoryThatOthersCouldHaveMadeIsRefused(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv(AddressVariable, "")
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", temporary)
	own := filepath.Join(temporary, fmt.Sprintf("pannier-%d", os.Getuid()))
	refused := func(what string) {
		t.Helper()
		if _, err := Connect(""); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), AddressVariable) {
			t.Errorf("%s: %v", what, err)
		}
		if err := os.RemoveAll(own); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(own, 0o700), os.Chmod(own, 0o770)); err != nil {
		t.Fatal(err)
	}
	refused("a directory that others may write to")
	if err := os.Symlink(t.TempDir(), own); err != nil {
		t.Fatal(err)
	}
	refused("a symbolic link")
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("a file")
	if os.Getuid() != 0 {
		return // only root can give a directory away
	}
	if err := errors.Join(os.Mkdir(own, 0o700), os.Chown(own, 12345, -1)); err != nil {
		t.Fatal(err)
	}
	refused("another user's directory")
}
