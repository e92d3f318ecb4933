package pannier

import (
	"errors"
	"time"
)

// A safety says what a second attempt at a call could do.
type safety int

const (
	// A read changes nothing that anyone sees.
	read safety = iota
	// A repeatable write is recognised by the sidecar, or does no harm: it has a
	// request id or an etag.
	repeatableWrite
	// A single write could undo what someone else wrote since, so it is repeated
	// only if the first attempt was certainly not applied.
	singleWrite
)

// attempts are the attempts at one call: how many there were, and what they may
// have done. They decide whether there is another. No I/O, no clock.
type attempts struct {
	policy       RetryPolicy
	safety       safety
	deadline     time.Time // the zero time for none
	failed       int
	maybeApplied bool
}

// afterFailure returns the pause before the next attempt, and whether there is one.
// The error's write outcome becomes that of all attempts so far, as merge says.
func (a *attempts) afterFailure(failure error, now time.Time) (time.Duration, bool) {
	a.failed++
	repeatable := a.safety != singleWrite || sharedOf(failure).WriteOutcome == OutcomeNotApplied
	a.merge(failure)
	if !repeatable || a.failed == a.policy.MaxAttempts {
		return 0, false
	}
	pause, passes := a.pauseAfter(failure)
	if !passes || !a.deadline.IsZero() && !now.Add(pause).Before(a.deadline) {
		return 0, false
	}
	return pause, true
}

// merge gives an error the write outcome of all attempts so far, and returns it.
//
// Once one of them may have been applied, a later refusal does not prove that none
// was. An error that does not say leaves it unknown. A read has no outcome.
func (a *attempts) merge(failure error) error {
	shared := sharedOf(failure)
	if a.safety == read {
		shared.WriteOutcome = OutcomeNone
		return failure
	}
	if shared.WriteOutcome != OutcomeNotApplied {
		a.maybeApplied = true
	}
	shared.WriteOutcome = OutcomeNotApplied
	if a.maybeApplied {
		shared.WriteOutcome = OutcomeUnknown
	}
	return failure
}

// pauseAfter returns how long to wait after an error, and whether it is one that
// may pass.
func (a *attempts) pauseAfter(failure error) (time.Duration, bool) {
	backoff := a.policy.backoff(a.failed)
	if sharedOf(failure).Kind == ErrUnavailable {
		return backoff, true
	}
	var throttled *ThrottledError
	if errors.As(failure, &throttled) && throttled.Retry {
		// The jitter keeps those who were refused together from coming back together.
		return throttled.RetryDelay + backoff, true
	}
	return 0, false
}

// sharedOf returns what an error of a call shares with all others.
func sharedOf(failure error) *Error {
	var shared *Error
	errors.As(failure, &shared)
	return shared
}
