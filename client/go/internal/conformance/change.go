package main

import (
	"fmt"
	"strconv"

	pannier "github.com/pannier/pannier/client/go"
)

// A change is what an update of a scenario does to the data; one field is set.
type change struct {
	Append *string `json:"append"`
	Add    int     `json:"add"`
	Keep   bool    `json:"keep"`
	Raise  *string `json:"raise"`
}

// changeFailed is the error of a change that fails because the scenario says so.
type changeFailed string

func (c changeFailed) Error() string { return string(c) }

func (c change) of(data []byte) ([]byte, error) {
	switch {
	case c.Raise != nil:
		return nil, changeFailed(*c.Raise)
	case c.Keep:
		return nil, pannier.ErrUnchanged
	case c.Append != nil:
		return append(data, *c.Append...), nil
	}
	number, err := strconv.Atoi(string(data))
	if err != nil {
		return nil, fmt.Errorf("%w: only numbers can be added to: %w", errScenario, err)
	}
	return strconv.AppendInt(nil, int64(number+c.Add), 10), nil
}
