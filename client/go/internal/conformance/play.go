package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A step is one of a call, a control and an await.
type step struct {
	Call    string            `json:"call"`
	Args    object            `json:"args"`
	Start   string            `json:"start"`
	Await   string            `json:"await"`
	Control object            `json:"control"`
	Expect  object            `json:"expect"`
	Error   object            `json:"error"`
	Save    map[string]string `json:"save"`
}

// An outcome is what a step gave: a result or an error, as a JSON value. The
// problem is set where the scenario cannot go on.
type outcome struct {
	kind    string
	value   object
	problem error
}

// A play is one scenario while it is carried out.
type play struct {
	calls   calls
	saved   object
	started map[string]chan outcome
	running sync.WaitGroup
}

func newPlay(calls calls, owner any) *play {
	return &play{calls: calls, saved: object{"owner": owner}, started: map[string]chan outcome{}}
}

// steps carries out steps until one does not do what it should.
func (p *play) steps(steps []json.RawMessage) error {
	for number, text := range steps {
		step, err := readStep(text)
		if err == nil {
			err = p.step(step)
		}
		if err != nil {
			return fmt.Errorf("step %d %s: %w", number+1, text, err)
		}
	}
	if len(p.started) > 0 {
		return fmt.Errorf("never awaited: %s", strings.Join(slices.Sorted(maps.Keys(p.started)), ", "))
	}
	return nil
}

func readStep(text json.RawMessage) (step, error) {
	var read step
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	return read, decoder.Decode(&read)
}

func (p *play) step(step step) error {
	if step.Start != "" {
		return p.start(step)
	}
	got := p.outcome(step)
	if got.problem != nil {
		return got.problem
	}
	wanted, kind := step.Expect, "result"
	if step.Error != nil {
		wanted, kind = step.Error, "error"
	}
	if got.kind != kind {
		return fmt.Errorf("it gave the %s %s, expected was the %s %s", got.kind, shown(got.value), kind, shown(wanted))
	}
	expected, err := substituteObject(wanted, p.saved)
	if err != nil {
		return err
	}
	if problem := mismatch(expected, got.value, kind); problem != "" {
		return errors.New(problem)
	}
	return p.save(step.Save, got.value)
}

// start lets a call run while the next steps are carried out.
func (p *play) start(step step) error {
	args, err := substituteObject(step.Args, p.saved)
	if err != nil {
		return err
	}
	done := make(chan outcome, 1)
	p.started[step.Start] = done
	p.running.Add(1)
	go func() {
		defer p.running.Done()
		done <- p.callOutcome(step.Call, args)
	}()
	return nil
}

func (p *play) outcome(step step) outcome {
	switch {
	case step.Await != "":
		done, ok := p.started[step.Await]
		if !ok {
			return outcome{problem: fmt.Errorf("%w: no call %q was started", errScenario, step.Await)}
		}
		delete(p.started, step.Await)
		return <-done
	case step.Control != nil:
		command, err := substituteObject(step.Control, p.saved)
		if err != nil {
			return outcome{problem: err}
		}
		answer, err := p.calls.stage.do(command)
		return outcome{"result", answer, err}
	default:
		args, err := substituteObject(step.Args, p.saved)
		if err != nil {
			return outcome{problem: err}
		}
		return p.callOutcome(step.Call, args)
	}
}

func (p *play) callOutcome(call string, args object) outcome {
	value, err := p.calls.call(context.Background(), call, args)
	kind := "result"
	if err != nil {
		if errors.Is(err, errStage) || errors.Is(err, errScenario) {
			return outcome{problem: err}
		}
		kind, value = "error", errorJSON(err)
		if value == nil {
			return outcome{problem: fmt.Errorf("the client returned an error of no known type: %w", err)}
		}
	}
	value, err = decoded(value)
	return outcome{kind, value, err}
}

func (p *play) save(parts map[string]string, value object) error {
	for name, path := range parts {
		part, err := atPath(value, path)
		if err != nil {
			return err
		}
		p.saved[name] = part
	}
	return nil
}
