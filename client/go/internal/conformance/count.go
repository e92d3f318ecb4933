package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	pannier "github.com/pannier/pannier/client/go"
)

// counting is many increments of few counters by several writers.
type counting struct {
	address    string
	owner      string
	keys       int
	writers    int
	increments int
}

// A tally is what became of the updates; writers share it.
type tally struct {
	mutex             sync.Mutex
	Succeeded         int            `json:"succeeded"`
	Unknown           int            `json:"unknown"`
	SettledApplied    int            `json:"settled_applied"`
	SettledNotApplied int            `json:"settled_not_applied"`
	Failed            map[string]int `json:"failed"`
}

func (t *tally) add(count *int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	*count++
}

func (t *tally) addFailed(kind string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.Failed[kind]++
}

// run increments the counters, and returns what became of it as JSON.
func (c counting) run() ([]byte, error) {
	if err := c.createCounters(); err != nil {
		return nil, err
	}
	result := &tally{Failed: map[string]int{}}
	everyone := c.keys * c.writers
	failures := make([]error, everyone)
	var running sync.WaitGroup
	for number := range everyone {
		running.Add(1)
		go func() {
			defer running.Done()
			share := c.increments / everyone
			if number < c.increments%everyone {
				share++
			}
			failures[number] = c.write(number/c.writers, number%c.writers, share, result)
		}()
	}
	running.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

func (c counting) key(number int) (string, error) {
	return pannier.Key(c.owner, fmt.Sprintf("counter:%d", number))
}

func (c counting) createCounters() error {
	store, err := pannier.Connect(c.address)
	if err != nil {
		return err
	}
	defer store.Close()
	zeros := bytes.TrimSpace(bytes.Repeat([]byte("0 "), c.writers))
	for number := range c.keys {
		key, err := c.key(number)
		if err != nil {
			return err
		}
		if _, err := store.Put(context.Background(), key, zeros); err != nil {
			return err
		}
	}
	return nil
}

// A writer raises its own number in a counter.
type writer struct {
	store *pannier.Store
	key   string
	place int
	tally *tally
}

func (c counting) write(number, place, share int, result *tally) error {
	key, err := c.key(number)
	if err != nil {
		return err
	}
	store, err := pannier.Connect(c.address)
	if err != nil {
		return err
	}
	defer store.Close()
	writer := writer{store, key, place, result}
	for done := 0; done < share; {
		made, err := writer.increment(done + 1)
		if err != nil {
			return err
		}
		if made {
			done++
		}
	}
	return nil
}

// increment makes an increment, to the number that is wanted, and tells whether it
// was made.
func (w writer) increment(wanted int) (bool, error) {
	_, err := w.store.Update(context.Background(), w.key, w.raise)
	var failure *pannier.Error
	switch {
	case err == nil:
		w.tally.add(&w.tally.Succeeded)
		return true, nil
	case errors.Is(err, pannier.ErrOutcomeUnknown):
		return w.settle(wanted)
	case errors.As(err, &failure) && failure.WriteOutcome == pannier.OutcomeNotApplied:
		w.tally.addFailed(kindOf(err))
		return false, nil
	default:
		return false, err
	}
}

func (w writer) settle(wanted int) (bool, error) {
	w.tally.add(&w.tally.Unknown)
	own, err := w.ownNumber()
	if err != nil {
		return false, err
	}
	if own < wanted {
		w.tally.add(&w.tally.SettledNotApplied)
		return false, nil
	}
	w.tally.add(&w.tally.SettledApplied)
	return true, nil
}

func (w writer) raise(data []byte) ([]byte, error) {
	numbers := bytes.Fields(data)
	own, err := strconv.Atoi(string(numbers[w.place]))
	if err != nil {
		return nil, err
	}
	numbers[w.place] = strconv.AppendInt(nil, int64(own+1), 10)
	return bytes.Join(numbers, []byte(" ")), nil
}

func (w writer) ownNumber() (int, error) {
	for {
		record, err := w.store.Get(context.Background(), w.key)
		switch {
		case err == nil:
			return strconv.Atoi(string(bytes.Fields(record.Data)[w.place]))
		case errors.Is(err, pannier.ErrUnavailable), errors.Is(err, pannier.ErrDeadlineExceeded):
			continue
		default:
			return 0, err
		}
	}
}
