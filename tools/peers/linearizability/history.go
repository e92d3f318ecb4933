package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/anishathalye/porcupine"
)

// The kinds of operation.
const (
	get          = "get"
	put          = "put"
	putIfVersion = "put_if_version"
	del          = "delete"
)

// The outcomes that an answer can have.
const (
	succeeded = "ok"
	notFound  = "not_found"
	conflict  = "conflict"
	exists    = "exists"
)

// An operation is one call, or one attempt at it that a sidecar made by itself.
type operation struct {
	Client int    `json:"client"`
	Key    string `json:"key"`
	Kind   string `json:"kind"`
	// Nanoseconds on one steady clock. A return of 0 means that it may take effect at any
	// later time, or never.
	Called   int64 `json:"called"`
	Returned int64 `json:"returned"`
	// The earliest and the latest second that the clock which decides about expiry can have
	// shown to it.
	Clock [2]int64 `json:"clock"`
	// What a write carries. ExpiresAt is in epoch seconds, 0 for never.
	WriteID   string `json:"write_id"`
	Data      string `json:"data"`
	ExpiresAt int64  `json:"expires_at"`
	// What a condition expects: 0 and "" where it expects nothing.
	ExpectedVersion int64  `json:"expected_version"`
	ETag            string `json:"etag"`
	// What came back; absent where nobody knows, so that any outcome fits.
	Answer *answer `json:"answer"`
}

// An answer is what a caller was told. Of a conflict, version and etag are the actual ones.
type answer struct {
	Outcome   string `json:"outcome"`
	Version   int64  `json:"version"`
	ETag      string `json:"etag"`
	Data      string `json:"data"`
	ExpiresAt int64  `json:"expires_at"`
	Deleted   bool   `json:"deleted"`
}

// readHistories returns the operations of a file by their keys: records are independent.
func readHistories(path string) (map[string][]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	histories := make(map[string][]porcupine.Operation)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		op := new(operation)
		if err := json.Unmarshal(lines.Bytes(), op); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		if err := op.problem(); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		histories[op.Key] = append(histories[op.Key], op.timed())
	}
	return histories, lines.Err()
}

// problem returns what makes an operation unusable.
func (op *operation) problem() error {
	switch op.Kind {
	case get, put, putIfVersion, del:
	default:
		return fmt.Errorf("%q is no kind of operation", op.Kind)
	}
	if op.Returned != 0 && op.Returned < op.Called {
		return fmt.Errorf("it returned at %d, before it was called at %d", op.Returned, op.Called)
	}
	return nil
}

func (op *operation) timed() porcupine.Operation {
	returned := op.Returned
	if returned == 0 {
		returned = math.MaxInt64
	}
	return porcupine.Operation{
		ClientId: op.Client, Input: op, Call: op.Called, Output: op.Answer, Return: returned,
	}
}
