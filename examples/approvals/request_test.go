package approvals

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	pannier "github.com/pannier/pannier/client/go"
)

func TestIDsSortAsTheirTimesDo(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	var ids []string
	for _, later := range []time.Duration{
		0, time.Microsecond, 999 * time.Microsecond, time.Millisecond, time.Second, 24 * time.Hour, 200 * 365 * 24 * time.Hour,
	} {
		id := NewID(now.Add(later))
		if !idForm.MatchString(id) {
			t.Errorf("%s has another form", id)
		}
		ids = append(ids, id)
	}
	if !slices.IsSorted(ids) {
		t.Errorf("%q are not sorted", ids)
	}
	if again := NewID(now); again == ids[0] {
		t.Errorf("two IDs of the same time are both %s", again)
	}
}

func TestARequestIsDecidedOnceAndBySomeoneElse(t *testing.T) {
	request := NewRequest("alice", "deploy")
	if err := request.Decide(Approved, "alice", ""); !errors.Is(err, ErrOwnRequest) {
		t.Errorf("%v is not ErrOwnRequest", err)
	}
	if err := request.Decide(Rejected, "bob", "no"); err != nil {
		t.Fatal(err)
	}
	if err := request.Decide(Approved, "carol", ""); !errors.Is(err, ErrDecided) {
		t.Errorf("%v is not ErrDecided", err)
	}
	if request.Approver != "bob" || request.Comment != "no" || request.DecideTime.IsZero() {
		t.Errorf("it is decided as %+v", request)
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile("request.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t *testing.T, data []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema(t).Validate(value)
}

func decided(t *testing.T, status Status, comment string) Request {
	t.Helper()
	request := NewRequest("alice", "deploy")
	if err := request.Decide(status, "bob", comment); err != nil {
		t.Fatal(err)
	}
	return request
}

func TestWhatIsWrittenFitsTheSchemaAndIsReadAgain(t *testing.T) {
	for _, request := range []Request{
		NewRequest("alice", "deploy"), decided(t, Approved, ""), decided(t, Rejected, "not on a Friday"),
	} {
		data, err := encode(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, data); err != nil {
			t.Errorf("%s: %v", data, err)
		}
		read, err := decode(data)
		if err != nil || read != request {
			t.Errorf("%+v, %v is not %+v", read, err, request)
		}
	}
}

func TestWhatDoesNotFitTheSchemaIsRefused(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"another schema":             {"schema": 2},
		"no schema":                  {"schema": nil},
		"another kind of id":         {"id": "1"},
		"no requester":               {"requester": ""},
		"no subject":                 {"subject": nil},
		"an unknown status":          {"status": "maybe"},
		"no status":                  {"status": nil},
		"no time":                    {"create_time": nil},
		"a time that is none":        {"create_time": "yesterday"},
		"an unknown field":           {"priority": 1},
		"a pending one with comment": {"comment": "hm"},
		"an approver before time":    {"approver": "bob"},
		"no approver once decided":   {"status": "approved", "decide_time": "2030-01-02T03:04:05Z"},
		"no time of decision":        {"status": "rejected", "approver": "bob"},
	} {
		data := changed(t, change)
		if err := validate(t, data); err == nil {
			t.Errorf("%s: the schema takes %s", name, data)
		}
		if _, err := decode(data); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %s is read, %v", name, data, err)
		}
	}
	for _, data := range []string{"", "[]", "no JSON", string(changed(t, nil)) + "{}"} {
		if _, err := decode([]byte(data)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q is read, %v", data, err)
		}
	}
}

// changed returns the document of a pending request with other fields; nil takes one
// away.
func changed(t *testing.T, change map[string]any) []byte {
	t.Helper()
	data, err := encode(NewRequest("alice", "deploy"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range change {
		if value == nil {
			delete(fields, name)
		} else {
			fields[name] = value
		}
	}
	data, err = json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnErrorInDoubtIsNoneOfOurs(t *testing.T) {
	for _, outcome := range []pannier.WriteOutcome{pannier.OutcomeNotApplied, pannier.OutcomeUnknown} {
		err := explained(fmt.Errorf("on the way: %w", &pannier.VersionConflictError{
			Err: &pannier.Error{Kind: pannier.ErrVersionConflict, WriteOutcome: outcome},
		}))
		if certain := outcome == pannier.OutcomeNotApplied; errors.Is(err, ErrChanged) != certain {
			t.Errorf("%q: %v", outcome, err)
		}
		if !errors.Is(err, pannier.ErrVersionConflict) {
			t.Errorf("%v lost its cause", err)
		}
	}
}
