package pannier

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"
)

var (
	now      = time.Unix(1_000_000, 0)
	patient  = RetryPolicy{InitialBackoff: 100 * time.Millisecond, MaxBackoff: time.Second}
	inAnHour = now.Add(time.Hour)
)

func unavailable(outcome WriteOutcome) error {
	return &Error{Kind: ErrUnavailable, WriteOutcome: outcome}
}

func throttled(delay time.Duration) error {
	return &ThrottledError{Retry: true, RetryDelay: delay, Err: &Error{Kind: ErrThrottled}}
}

func TestPausesAreRandomAndGrowUpToTheLongest(t *testing.T) {
	for attempt, longest := range map[int]time.Duration{
		1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 4: 800 * time.Millisecond,
		5: time.Second, 90: time.Second, math.MaxInt: time.Second,
	} {
		var least, most time.Duration = math.MaxInt64, 0
		for range 1000 {
			pause := patient.backoff(attempt)
			least, most = min(least, pause), max(most, pause)
		}
		if least < 0 || most > longest || most < longest*8/10 || least > longest*2/10 {
			t.Errorf("after %d attempts they are from %v to %v, not 0 to %v", attempt, least, most, longest)
		}
	}
}

func TestADefaultPolicyHasNoLimitOfAttempts(t *testing.T) {
	policy, err := RetryPolicy{}.withDefaults()
	if err != nil || policy.InitialBackoff != 50*time.Millisecond || policy.MaxBackoff != time.Second {
		t.Fatalf("%+v, %v", policy, err)
	}
	attempts := attempts{policy: policy, deadline: inAnHour}
	for range 1000 {
		if _, again := attempts.afterFailure(unavailable(OutcomeNone), now); !again {
			t.Fatal("it gave up")
		}
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	for name, want := range map[string]struct {
		failure error
		again   bool
	}{
		"unavailable":              {unavailable(OutcomeNone), true},
		"throttled with a delay":   {throttled(time.Second), true},
		"throttled without one":    {&ThrottledError{Err: &Error{Kind: ErrThrottled}}, false},
		"a deadline":               {&Error{Kind: ErrDeadlineExceeded}, false},
		"not found":                {&Error{Kind: ErrNotFound}, false},
		"a bug":                    {&Error{Kind: ErrInternal}, false},
		"a conflict":               {&VersionConflictError{Err: &Error{Kind: ErrVersionConflict}}, false},
		"an end on the own side":   {&Error{}, false},
		"throttled beyond the end": {throttled(2 * time.Hour), false},
		"throttled for ever":       {throttled(readDelay(endlessDelay())), false},
	} {
		attempts := attempts{policy: patient, safety: repeatableWrite, deadline: inAnHour}
		if _, again := attempts.afterFailure(want.failure, now); again != want.again {
			t.Errorf("%s: %t", name, again)
		}
	}
}

func TestAThrottledCallWaitsForTheDelayAndALittle(t *testing.T) {
	attempts := attempts{policy: patient, deadline: inAnHour}
	pause, _ := attempts.afterFailure(throttled(time.Minute), now)
	if pause < time.Minute || pause > time.Minute+patient.InitialBackoff {
		t.Errorf("it waits %v", pause)
	}
}

func TestAPauseThatDoesNotFitIsNotMade(t *testing.T) {
	attempts := attempts{policy: patient, deadline: now}
	if _, again := attempts.afterFailure(unavailable(OutcomeNone), now); again {
		t.Error("it is made")
	}
}

func TestASingleWriteIsRepeatedOnlyWhereItWasNotApplied(t *testing.T) {
	for outcome, want := range map[WriteOutcome]bool{
		OutcomeNotApplied: true, OutcomeUnknown: false, OutcomeNone: false,
	} {
		attempts := attempts{policy: patient, safety: singleWrite, deadline: inAnHour}
		if _, again := attempts.afterFailure(unavailable(outcome), now); again != want {
			t.Errorf("%q: %t", outcome, again)
		}
	}
}

func TestOutcomesAreMergedOverAttempts(t *testing.T) {
	for name, want := range map[string]struct {
		outcomes []WriteOutcome
		merged   WriteOutcome
	}{
		"all refused":           {[]WriteOutcome{OutcomeNotApplied, OutcomeNotApplied}, OutcomeNotApplied},
		"a doubt at first":      {[]WriteOutcome{OutcomeUnknown, OutcomeNotApplied}, OutcomeUnknown},
		"one that does not say": {[]WriteOutcome{OutcomeNotApplied, OutcomeNone}, OutcomeUnknown},
	} {
		attempts := attempts{policy: patient, safety: repeatableWrite, deadline: inAnHour}
		var last error
		for _, outcome := range want.outcomes {
			last = unavailable(outcome)
			attempts.afterFailure(last, now)
		}
		if got := sharedOf(last).WriteOutcome; got != want.merged {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAnUpdateReadsAgainOnlyAfterACertainConflictAndInTime(t *testing.T) {
	inTime, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	tooLate, cancel := context.WithDeadline(context.Background(), now)
	defer cancel()
	conflict := func(outcome WriteOutcome) error {
		return &VersionConflictError{Err: &Error{Kind: ErrVersionConflict, WriteOutcome: outcome}}
	}
	for name, want := range map[string]struct {
		ctx     context.Context
		failure error
		again   bool
	}{
		"a certain conflict":    {inTime, conflict(OutcomeNotApplied), true},
		"one in doubt":          {inTime, conflict(OutcomeUnknown), false},
		"one that is late":      {tooLate, conflict(OutcomeNotApplied), false},
		"a record that is gone": {inTime, &Error{Kind: ErrNotFound, WriteOutcome: OutcomeNotApplied}, false},
		"any other error":       {inTime, errors.New("other"), false},
	} {
		if _, again := pauseAfterConflict(want.ctx, want.failure, 1); again != want.again {
			t.Errorf("%s: %t", name, again)
		}
	}
}

func endlessDelay() *errdetails.RetryInfo {
	return &errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: 315_576_000_000}}
}
