package approvals

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// schemaNumber is that of the documents that this program understands. A document
// with another one is refused, so that an old program never writes over what a newer
// one knows.
const schemaNumber = 1

// ErrInvalid means that a stored document, or a request that is to be stored, does
// not fit the schema in request.schema.json.
var ErrInvalid = errors.New("approvals: not a request as the schema describes it")

// A document is a request as it is stored; request.schema.json describes it.
type document struct {
	Schema     int        `json:"schema"`
	ID         string     `json:"id"`
	Requester  string     `json:"requester"`
	Subject    string     `json:"subject"`
	Status     Status     `json:"status"`
	Approver   string     `json:"approver,omitempty"`
	Comment    string     `json:"comment,omitempty"`
	CreateTime time.Time  `json:"create_time"`
	DecideTime *time.Time `json:"decide_time,omitempty"`
}

// encode returns a request as it is stored.
func encode(request Request) ([]byte, error) {
	stored := document{
		Schema:     schemaNumber,
		ID:         request.ID,
		Requester:  request.Requester,
		Subject:    request.Subject,
		Status:     request.Status,
		Approver:   request.Approver,
		Comment:    request.Comment,
		CreateTime: request.CreateTime.UTC(),
	}
	if !request.DecideTime.IsZero() {
		decided := request.DecideTime.UTC()
		stored.DecideTime = &decided
	}
	if err := stored.check(); err != nil {
		return nil, err
	}
	return json.Marshal(stored)
}

// decode returns the request that is stored as data.
func decode(data []byte) (Request, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var stored document
	if err := decoder.Decode(&stored); err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Request{}, fmt.Errorf("%w: something follows the document", ErrInvalid)
	}
	if err := stored.check(); err != nil {
		return Request{}, err
	}
	request := Request{
		ID:         stored.ID,
		Requester:  stored.Requester,
		Subject:    stored.Subject,
		Status:     stored.Status,
		Approver:   stored.Approver,
		Comment:    stored.Comment,
		CreateTime: stored.CreateTime,
	}
	if stored.DecideTime != nil {
		request.DecideTime = *stored.DecideTime
	}
	return request, nil
}

func (d document) check() error {
	decided := d.Status == Approved || d.Status == Rejected
	for _, rule := range []struct {
		holds bool
		text  string
	}{
		{d.Schema == schemaNumber, fmt.Sprintf("its schema is %d, not %d", d.Schema, schemaNumber)},
		{idForm.MatchString(d.ID), "its id is none that NewID makes"},
		{d.Requester != "", "it has no requester"},
		{d.Subject != "", "it has no subject"},
		{decided || d.Status == Pending, fmt.Sprintf("%q is no status", d.Status)},
		{!d.CreateTime.IsZero(), "it has no create_time"},
		{decided == (d.Approver != ""), "it must have an approver once it is decided, and none before"},
		{decided == (d.DecideTime != nil), "it must have a decide_time once it is decided, and none before"},
		{decided || d.Comment == "", "it must have no comment before it is decided"},
	} {
		if !rule.holds {
			return fmt.Errorf("%w: %s", ErrInvalid, rule.text)
		}
	}
	return nil
}
