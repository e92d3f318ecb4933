package pannier

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// A page may hold one record, whose data is under 4 MiB, gRPC's own limit.
	maxMessageBytes = 8 << 20

	// What a list's reader has not taken yet is in memory up to the stream's window:
	// about a page. Fixed windows also save the pings by which gRPC would find their
	// size.
	streamWindowBytes     = 1 << 20
	connectionWindowBytes = 4 << 20

	// A sidecar that was restarted is found again soon: by default that takes up to
	// two minutes.
	firstReconnectPause   = 100 * time.Millisecond
	longestReconnectPause = time.Second
	connectTimeout        = 3 * time.Second
)

// A ConnectOption is an option of [Connect].
type ConnectOption interface{ applyConnect(*settings) error }

// settings say how a store connects and calls: made once and passed on.
type settings struct {
	address     string // as people write it
	target      string // as gRPC does
	timeout     time.Duration
	retries     RetryPolicy
	credentials credentials.TransportCredentials
	metadata    []string // names and values in turn; may hold secrets
	logger      *slog.Logger
	dialOptions []grpc.DialOption
}

// Connect returns the store behind a sidecar. The first call connects, not this
// one.
//
// The address is "unix:/path/to/socket" or "host:port" ("[::1]:50051" for IPv6).
// Where it is empty the environment variable [AddressVariable] counts, and else
// [DefaultSocketPath]. A default socket in the directory for temporary files is used
// only where its directory is this user's alone: a stranger could have put a socket
// there. Proxies that the environment names are not used.
func Connect(address string, options ...ConnectOption) (*Store, error) {
	chosen := &settings{timeout: defaultTimeout, credentials: insecure.NewCredentials()}
	if err := chosen.resolve(address); err != nil {
		return nil, err
	}
	for _, option := range append([]ConnectOption{WithRetries(RetryPolicy{})}, options...) {
		if err := option.applyConnect(chosen); err != nil {
			return nil, err
		}
	}
	connection, err := newConnection(chosen)
	if err != nil {
		return nil, err
	}
	return &Store{connection}, nil
}

func (s *settings) resolve(address string) (err error) {
	if s.address, err = resolveAddress(address); err != nil {
		return err
	}
	s.target, err = grpcTarget(s.address)
	return err
}

// channelOptions are the options of the gRPC channel.
func (s *settings) channelOptions() []grpc.DialOption {
	pauses := backoff.Config{
		BaseDelay:  firstReconnectPause,
		Multiplier: backoff.DefaultConfig.Multiplier,
		Jitter:     backoff.DefaultConfig.Jitter,
		MaxDelay:   longestReconnectPause,
	}
	ours := []grpc.DialOption{
		grpc.WithTransportCredentials(s.credentials),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pauses, MinConnectTimeout: connectTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		grpc.WithStaticStreamWindowSize(streamWindowBytes),
		grpc.WithStaticConnWindowSize(connectionWindowBytes),
		// Retries are made here, where request ids and outcomes are known.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		// A sidecar is local; https_proxy must not reroute calls to it.
		grpc.WithNoProxy(),
	}
	return append(ours, s.dialOptions...)
}

func (o TimeoutOption) applyConnect(s *settings) (err error) {
	s.timeout, err = o.timeout.or(defaultTimeout)
	return err
}

type connectOption func(*settings) error

func (o connectOption) applyConnect(s *settings) error { return o(s) }

// WithRetries sets how failed calls are tried again.
func WithRetries(policy RetryPolicy) ConnectOption {
	return connectOption(func(s *settings) (err error) {
		s.retries, err = policy.withDefaults()
		return err
	})
}

// WithoutRetries lets each call be attempted once.
func WithoutRetries() ConnectOption { return WithRetries(RetryPolicy{MaxAttempts: 1}) }

// WithTLS connects over TLS. The configuration says which root certificates count
// (RootCAs), which certificate the client shows (Certificates), and which name the
// sidecar's certificate must have (ServerName, by default the address's host). nil
// means the system's roots and no client certificate.
func WithTLS(config *tls.Config) ConnectOption {
	return connectOption(func(s *settings) error {
		s.credentials = credentials.NewTLS(config)
		return nil
	})
}

// WithToken sends "authorization: Bearer TOKEN" with each call (RFC 6750), over
// plain connections too. The token is printable ASCII.
func WithToken(token string) ConnectOption {
	return connectOption(func(s *settings) error {
		if token == "" || !isPrintableASCII(token) {
			return refuse("token", "the token must be printable ASCII, and not empty")
		}
		s.metadata = append(s.metadata, "authorization", "Bearer "+token)
		return nil
	})
}

// WithMetadata sends a metadata entry with each call. The name is of lower-case
// letters, digits, "-", "_" and "."; the value is printable ASCII, or any bytes
// where the name ends in "-bin".
func WithMetadata(name, value string) ConnectOption {
	return connectOption(func(s *settings) error {
		if !isMetadataName(name) {
			return refuse("metadata", fmt.Sprintf("%q is no name of a metadata entry: use lower-case letters, digits, "+
				`"-", "_" and ".", and no name that starts with "grpc-"`, name))
		}
		if !strings.HasSuffix(name, "-bin") && !isPrintableASCII(value) {
			return refuse("metadata", fmt.Sprintf(`the value of %q must be printable ASCII, or its name end in "-bin"`, name))
		}
		s.metadata = append(s.metadata, name, value)
		return nil
	})
}

// WithLogger tells of retries at level Debug, without keys or data. By default
// nothing is logged.
func WithLogger(logger *slog.Logger) ConnectOption {
	return connectOption(func(s *settings) error {
		s.logger = logger
		return nil
	})
}

// WithDialOptions passes options on to gRPC, after Pannier's own, for what is not
// Pannier's business: a stats handler for traces and metrics, for example. They can
// undo what a store rests on, such as its retries.
func WithDialOptions(options ...grpc.DialOption) ConnectOption {
	return connectOption(func(s *settings) error {
		s.dialOptions = append(s.dialOptions, options...)
		return nil
	})
}

func isPrintableASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

func isMetadataName(name string) bool {
	allowed := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
	}
	return name != "" && !strings.HasPrefix(name, "grpc-") &&
		!strings.ContainsFunc(name, func(r rune) bool { return !allowed(r) })
}
