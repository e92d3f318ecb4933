package pannier

import (
	"math/rand/v2"
	"time"
)

const (
	defaultInitialBackoff = 50 * time.Millisecond
	defaultMaxBackoff     = time.Second

	// No policy needs a longer pause than this gives, and more would overflow.
	maxDoublings = 30
)

// A RetryPolicy says how often and how soon a failed call is tried again, where
// that is safe. Its zero value is the default: as often as fits into the call's
// time.
//
// Before attempt n+1 it waits a random time between 0 and the smaller of
// MaxBackoff and InitialBackoff * 2^(n-1) (full jitter). A pause that does not fit
// into the call's time is not made: the last error is returned at once.
type RetryPolicy struct {
	// MaxAttempts is the most attempts at one call, the first included. 1 switches
	// retries off. 0 (the default) means as many as fit into the call's time.
	MaxAttempts int
	// InitialBackoff is the longest first pause. 0 means 50 ms.
	InitialBackoff time.Duration
	// MaxBackoff is the longest pause. 0 means 1 s.
	MaxBackoff time.Duration
}

// withDefaults returns the policy with its zero values replaced, or an error where
// it makes no sense.
func (p RetryPolicy) withDefaults() (RetryPolicy, error) {
	if p.InitialBackoff == 0 {
		p.InitialBackoff = defaultInitialBackoff
	}
	if p.MaxBackoff == 0 {
		p.MaxBackoff = max(defaultMaxBackoff, p.InitialBackoff)
	}
	if p.MaxAttempts < 0 {
		return p, refuse("MaxAttempts", "MaxAttempts must not be negative; 1 switches retries off, 0 sets no limit")
	}
	if p.InitialBackoff < 0 || p.InitialBackoff > p.MaxBackoff {
		return p, refuse("InitialBackoff", "InitialBackoff must be above 0 and at most MaxBackoff")
	}
	return p, nil
}

// backoff returns a random pause after so many attempts (from 1 up).
func (p RetryPolicy) backoff(attempts int) time.Duration {
	longest := float64(p.InitialBackoff) * float64(int64(1)<<min(attempts-1, maxDoublings))
	return time.Duration(rand.Float64() * min(longest, float64(p.MaxBackoff)))
}
