package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// errStage is what the stage could not do; the scenario fails with its text.
var errStage = errors.New("the stage failed")

// A control is the line to the stage: one JSON object a line. Goroutines may share
// it.
type control struct {
	mutex      sync.Mutex
	connection net.Conn
	answers    *json.Decoder
}

func connectControl(address string) (*control, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	answers := json.NewDecoder(bufio.NewReader(connection))
	answers.UseNumber()
	return &control{connection: connection, answers: answers}, nil
}

func (c *control) close() { c.connection.Close() }

// do sends a command and returns its answer.
func (c *control) do(command any) (object, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	line, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	if _, err := c.connection.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%w: %w", errStage, err)
	}
	var answer object
	if err := c.answers.Decode(&answer); err != nil {
		return nil, fmt.Errorf("%w: %w", errStage, err)
	}
	if problem, ok := answer["error"]; ok {
		return nil, fmt.Errorf("%w: %v", errStage, problem)
	}
	return answer, nil
}
