package pannier

import (
	"fmt"
	"time"
)

// defaultTimeout is how long a call may take; the server's own default.
const defaultTimeout = 10 * time.Second

// A timeout is a call's time limit, where it has one of its own.
type timeout struct {
	limit time.Duration
	given bool
}

// or returns the limit, or another where none is given.
func (t timeout) or(other time.Duration) (time.Duration, error) {
	if !t.given {
		return other, nil
	}
	if t.limit <= 0 {
		return 0, refuse("timeout", fmt.Sprintf("the timeout must be above 0, not %v", t.limit))
	}
	return t.limit, nil
}
