package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	pannier "github.com/pannier/pannier/client/go"
)

// arguments are those of a scenario's call; pointers are nil where one is absent.
type arguments struct {
	Owner           string   `json:"owner"`
	Name            string   `json:"name"`
	NameStart       string   `json:"name_start"`
	Key             string   `json:"key"`
	Data            any      `json:"data"`
	TTLSeconds      *float64 `json:"ttl_seconds"`
	ExpireTime      *instant `json:"expire_time"`
	NeverExpires    bool     `json:"never_expires"`
	RequestID       string   `json:"request_id"`
	ExpectedVersion *version `json:"expected_version"`
	ETag            string   `json:"etag"`
	Change          change   `json:"change"`
	OnFirstChange   object   `json:"on_first_change"`
	Prefix          string   `json:"prefix"`
	PageSize        *int     `json:"page_size"`
	PageToken       string   `json:"page_token"`
	Limit           *int     `json:"limit"`
	KeysOnly        bool     `json:"keys_only"`
	Order           string   `json:"order"`
	Consistency     string   `json:"consistency"`
	NameUnreadable  bool     `json:"name_unreadable"`
	Take            *int     `json:"take"`
	OnFirstRecord   object   `json:"on_first_record"`
	TimeoutSeconds  *float64 `json:"timeout_seconds"`
}

// instant and version are written in two ways.
type (
	instant struct{ time.Time }
	version uint64
)

func (i *instant) UnmarshalJSON(text []byte) (err error) {
	i.Time, err = time.Parse(`"`+time.RFC3339+`"`, string(text))
	return err
}

func (v *version) UnmarshalJSON(text []byte) error {
	number, err := strconv.ParseUint(string(bytes.Trim(text, `"`)), 10, 64)
	*v = version(number)
	return err
}

func readArguments(args object) (arguments, error) {
	var read arguments
	encoded, err := json.Marshal(args)
	if err != nil {
		return read, err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	return read, decoder.Decode(&read)
}

func (a arguments) timeout() []pannier.TimeoutOption {
	if a.TimeoutSeconds == nil {
		return nil
	}
	return []pannier.TimeoutOption{pannier.WithTimeout(duration(*a.TimeoutSeconds))}
}

func (a arguments) expiry() []pannier.ExpiryOption {
	var options []pannier.ExpiryOption
	if a.TTLSeconds != nil {
		options = append(options, pannier.WithTTL(duration(*a.TTLSeconds)))
	}
	if a.ExpireTime != nil {
		options = append(options, pannier.WithExpireTime(a.ExpireTime.Time))
	}
	if a.NeverExpires {
		options = append(options, pannier.WithNeverExpires())
	}
	return options
}

func (a arguments) put() []pannier.PutOption {
	var options []pannier.PutOption
	for _, option := range a.expiry() {
		options = append(options, option)
	}
	for _, option := range a.timeout() {
		options = append(options, option)
	}
	if a.RequestID != "" {
		options = append(options, pannier.WithRequestID(a.RequestID))
	}
	return options
}

func (a arguments) putIfVersion() []pannier.PutIfVersionOption {
	var options []pannier.PutIfVersionOption
	for _, option := range a.put() {
		options = append(options, option)
	}
	if a.ETag != "" {
		options = append(options, pannier.WithETag(a.ETag))
	}
	return options
}

func (a arguments) update() []pannier.UpdateOption {
	var options []pannier.UpdateOption
	for _, option := range a.expiry() {
		options = append(options, option)
	}
	for _, option := range a.timeout() {
		options = append(options, option)
	}
	return options
}

func (a arguments) get() ([]pannier.GetOption, error) {
	var options []pannier.GetOption
	for _, option := range a.timeout() {
		options = append(options, option)
	}
	consistency, err := a.consistency()
	return append(options, pannier.WithConsistency(consistency)), err
}

func (a arguments) delete() []pannier.DeleteOption {
	var options []pannier.DeleteOption
	for _, option := range a.timeout() {
		options = append(options, option)
	}
	if a.ExpectedVersion != nil {
		options = append(options, pannier.WithVersion(uint64(*a.ExpectedVersion)))
	}
	if a.ETag != "" {
		options = append(options, pannier.WithETag(a.ETag))
	}
	return options
}

func (a arguments) listPages() ([]pannier.ListPagesOption, error) {
	var options []pannier.ListPagesOption
	for _, option := range a.timeout() {
		options = append(options, option)
	}
	if a.PageSize != nil {
		options = append(options, pannier.WithPageSize(*a.PageSize))
	}
	if a.PageToken != "" {
		options = append(options, pannier.WithPageToken(a.PageToken))
	}
	if a.Limit != nil {
		options = append(options, pannier.WithLimit(*a.Limit))
	}
	if a.KeysOnly {
		options = append(options, pannier.WithKeysOnly())
	}
	consistency, err := a.consistency()
	if err != nil {
		return nil, err
	}
	order, err := a.order()
	return append(options, pannier.WithConsistency(consistency), pannier.WithOrder(order)), err
}

func (a arguments) cleanup() []pannier.CleanupOption {
	var options []pannier.CleanupOption
	for _, option := range a.timeout() {
		options = append(options, option)
	}
	if a.Limit != nil {
		options = append(options, pannier.WithLimit(*a.Limit))
	}
	return options
}

func (a arguments) consistency() (pannier.Consistency, error) {
	switch a.Consistency {
	case "", "strong":
		return pannier.Strong, nil
	case "eventual":
		return pannier.Eventual, nil
	default:
		return 0, fmt.Errorf("the scenario names no consistency: %q", a.Consistency)
	}
}

func (a arguments) order() (pannier.Order, error) {
	switch a.Order {
	case "", "ascending":
		return pannier.Ascending, nil
	case "descending":
		return pannier.Descending, nil
	default:
		return 0, fmt.Errorf("the scenario names no order: %q", a.Order)
	}
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
