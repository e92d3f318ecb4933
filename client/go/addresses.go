package pannier

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// AddressVariable is the environment variable that names the sidecar's address.
const AddressVariable = "PANNIER_ADDRESS"

const (
	maxSocketPathBytes = 107 // sun_path of unix(7), less its final zero byte
	addressForms       = `use "unix:/path/to/socket" or "host:port"`
)

// DefaultSocketPath returns the socket that sidecar and clients use when nothing
// else is said: $XDG_RUNTIME_DIR/pannier/pannier.sock, or pannier-<uid>/pannier.sock
// in the directory for temporary files where that variable is unset, empty or
// relative (the XDG Base Directory Specification wants relative paths ignored).
func DefaultSocketPath() string {
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) {
		return filepath.Join(runtime, "pannier", "pannier.sock")
	}
	return filepath.Join(temporaryFiles(), fmt.Sprintf("pannier-%d", os.Getuid()), "pannier.sock")
}

// temporaryFiles returns the directory for temporary files as the sidecar finds it,
// which looks at more variables than Go does.
func temporaryFiles() string {
	for _, variable := range []string{"TMPDIR", "TEMP", "TMP"} {
		path := os.Getenv(variable)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if path, err = filepath.Abs(path); err == nil {
				return path
			}
		}
	}
	return filepath.Clean(os.TempDir())
}

// resolveAddress returns the address to connect to: the given one, the
// environment's or the default.
func resolveAddress(address string) (string, error) {
	if address == "" {
		address = os.Getenv(AddressVariable)
	}
	if address != "" {
		return address, nil
	}
	path := DefaultSocketPath()
	if directory := filepath.Dir(path); filepath.Dir(directory) == temporaryFiles() {
		if err := claimDirectory(directory); err != nil {
			return "", fmt.Errorf("pannier: %w; set %s, or XDG_RUNTIME_DIR to a directory of your own",
				err, AddressVariable)
		}
	}
	return "unix:" + path, nil
}

// grpcTarget returns gRPC's name for an address, as a URI of its name resolution.
func grpcTarget(address string) (string, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return unixTarget(address, path)
	}
	return tcpTarget(address)
}

// unixTarget takes a relative path from the working directory of now: the channel
// connects again later, when that may have changed.
func unixTarget(address, path string) (string, error) {
	if strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///") {
		return "", refuse("address", fmt.Sprintf("%q has two slashes; use one or three: unix:/path", address))
	}
	if path == "" {
		return "", refuse("address", fmt.Sprintf("%q has no path; %s", address, addressForms))
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("pannier: %q is relative: %w", address, err)
	}
	if len(path) > maxSocketPathBytes {
		return "", refuse("address", fmt.Sprintf(
			"the path of %q is too long: a socket's has at most %d bytes", address, maxSocketPathBytes))
	}
	return (&url.URL{Scheme: "unix", Path: path}).String(), nil
}

func tcpTarget(address string) (string, error) {
	colon := strings.LastIndexByte(address, ':')
	host, port := address[:max(colon, 0)], address[colon+1:]
	bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	if host == "" || strings.Contains(address, "/") || strings.Contains(host, ":") && !bracketed {
		return "", refuse("address", fmt.Sprintf("%q is no address of a sidecar; %s", address, addressForms))
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return "", refuse("address", fmt.Sprintf("%q has no port from 1 to 65535; %s", address, addressForms))
	}
	return "dns:///" + address, nil
}
