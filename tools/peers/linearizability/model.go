package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// A row is what the store holds under one key; the zero value is none. A row that has
// expired is absent to every call, and may be removed at any time from then on.
type row struct {
	version         int64
	writeID         string
	previousWriteID string
	data            string
	expiresAt       int64
}

func (r row) present() bool { return r.version > 0 }

func (r row) etag() string { return fmt.Sprintf("%d-%s", r.version, r.writeID) }

// model says what the contract allows. Which second a server's clock shows to a call, and
// whether an expired row is removed yet, is not known exactly: hence several next states.
var model = porcupine.NondeterministicModel{
	Init: func() []interface{} { return []interface{}{row{}} },
	Step: func(state, input, output interface{}) []interface{} {
		var next []interface{}
		op, told := input.(*operation), output.(*answer)
		for _, before := range state.(row).orRemoved(op.Clock[1]) {
			for _, live := range before.liveness(op.Clock) {
				after, given := before.apply(op, live)
				if told == nil || *told == given {
					next = append(next, after)
				}
			}
		}
		return next
	},
	DescribeOperation: func(input, output interface{}) string {
		return describe(input.(*operation), output.(*answer))
	},
	DescribeState: func(state interface{}) string { return state.(row).describe() },
}

// orRemoved returns the row, and none where it may have been removed by a time.
func (r row) orRemoved(by int64) []row {
	if r.present() && r.expiresAt != 0 && r.expiresAt <= by {
		return []row{r, {}}
	}
	return []row{r}
}

// liveness returns whether the row is live, by each clock reading that a call may have had.
func (r row) liveness(clock [2]int64) []bool {
	switch {
	case !r.present():
		return []bool{false}
	case r.expiresAt == 0 || r.expiresAt > clock[1]:
		return []bool{true}
	case r.expiresAt <= clock[0]:
		return []bool{false}
	}
	return []bool{true, false}
}

// apply returns the row after an operation, and the answer that the contract gives.
func (r row) apply(op *operation, live bool) (row, answer) {
	switch op.Kind {
	case get:
		return r.get(live)
	case put:
		return r.put(op)
	case putIfVersion:
		return r.putIfVersion(op, live)
	}
	return r.del(op, live)
}

func (r row) get(live bool) (row, answer) {
	if !live {
		return r, answer{Outcome: notFound}
	}
	return r, answer{
		Outcome: succeeded, Version: r.version, ETag: r.etag(), Data: r.data, ExpiresAt: r.expiresAt,
	}
}

func (r row) put(op *operation) (row, answer) {
	if earlier, found := r.earlierAttempt(op); found {
		return r, earlier
	}
	return r.write(op)
}

func (r row) putIfVersion(op *operation, live bool) (row, answer) {
	if !r.present() && op.ExpectedVersion > 0 {
		return r, answer{Outcome: notFound}
	}
	if earlier, found := r.earlierAttempt(op); found {
		return r, earlier
	}
	switch {
	case op.ExpectedVersion == 0 && live:
		return r, answer{Outcome: exists}
	case op.ExpectedVersion > 0 && !live:
		return r, answer{Outcome: notFound}
	case op.ExpectedVersion > 0 && !r.matches(op):
		return r, r.conflict()
	}
	return r.write(op)
}

func (r row) del(op *operation, live bool) (row, answer) {
	conditional := op.ExpectedVersion > 0 || op.ETag != ""
	switch {
	case !live && conditional:
		return r, answer{Outcome: succeeded}
	case conditional && !r.matches(op):
		return r, r.conflict()
	}
	return row{}, answer{Outcome: succeeded, Deleted: live}
}

// earlierAttempt recognises a write that was applied before: it made the row, or the
// version before it.
func (r row) earlierAttempt(op *operation) (answer, bool) {
	switch op.WriteID {
	case r.writeID:
		return written(r.version, op), true
	case r.previousWriteID:
		return written(r.version-1, op), true
	}
	return answer{}, false
}

func (r row) write(op *operation) (row, answer) {
	after := row{
		version:         r.version + 1,
		writeID:         op.WriteID,
		previousWriteID: r.writeID,
		data:            op.Data,
		expiresAt:       op.ExpiresAt,
	}
	return after, written(after.version, op)
}

func (r row) matches(op *operation) bool {
	return (op.ExpectedVersion == 0 || op.ExpectedVersion == r.version) &&
		(op.ETag == "" || op.ETag == r.etag())
}

func (r row) conflict() answer {
	return answer{Outcome: conflict, Version: r.version, ETag: r.etag()}
}

func written(version int64, op *operation) answer {
	etag := fmt.Sprintf("%d-%s", version, op.WriteID)
	return answer{Outcome: succeeded, Version: version, ETag: etag}
}
