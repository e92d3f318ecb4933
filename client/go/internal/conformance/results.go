package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	pannier "github.com/pannier/pannier/client/go"
)

// What the client answers, as JSON values. Data is a string where it is valid
// UTF-8, else in base 64.

func dataJSON(data []byte) any {
	if utf8.Valid(data) {
		return string(data)
	}
	return object{"base64": base64.StdEncoding.EncodeToString(data)}
}

func timeJSON(moment time.Time) any {
	if moment.IsZero() {
		return nil
	}
	return moment.UTC().Format(time.RFC3339)
}

func recordJSON(record pannier.Record) object {
	return object{
		"key":         record.Key,
		"data":        dataJSON(record.Data),
		"version":     record.Version,
		"etag":        record.ETag,
		"expire_time": timeJSON(record.ExpireTime),
	}
}

func writtenJSON(written pannier.Written) object {
	return object{
		"version":     written.Version,
		"etag":        written.ETag,
		"expire_time": timeJSON(written.ExpireTime),
	}
}

func unreadableJSON(row pannier.Unreadable) object {
	return object{"key": row.Key, "problem": row.Problem}
}

func pageJSON(page pannier.Page) object {
	records, unreadable := array{}, array{}
	for _, record := range page.Records {
		records = append(records, recordJSON(record))
	}
	for _, row := range page.Unreadable {
		unreadable = append(unreadable, unreadableJSON(row))
	}
	return object{"records": records, "next_page_token": page.NextPageToken, "unreadable": unreadable}
}

// decoded returns a value as it comes out of a JSON decoder.
func decoded(value object) (object, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var result object
	return result, decoder.Decode(&result)
}

// kinds are the sentinels, the more specific ones before the more general.
var kinds = []struct {
	sentinel error
	name     string
}{
	{pannier.ErrDataTooLarge, "DataTooLarge"},
	{pannier.ErrRequestIDReused, "RequestIdReused"},
	{pannier.ErrOverloaded, "Overloaded"},
	{pannier.ErrNotFound, "NotFound"},
	{pannier.ErrVersionConflict, "VersionConflict"},
	{pannier.ErrAlreadyExists, "AlreadyExists"},
	{pannier.ErrInvalidArgument, "InvalidArgument"},
	{pannier.ErrUnauthenticated, "Unauthenticated"},
	{pannier.ErrPermissionDenied, "PermissionDenied"},
	{pannier.ErrThrottled, "Throttled"},
	{pannier.ErrStoreMisconfigured, "StoreMisconfigured"},
	{pannier.ErrUnavailable, "Unavailable"},
	{pannier.ErrDeadlineExceeded, "DeadlineExceeded"},
	{pannier.ErrCorruptRecord, "CorruptRecord"},
	{pannier.ErrInternal, "InternalError"},
	{pannier.ErrStoreClosed, "StoreClosed"},
	{pannier.ErrOutcomeUnknown, "OutcomeUnknown"},
	{pannier.ErrUnreadableRecords, "UnreadableRecords"},
}

func kindOf(err error) string {
	for _, kind := range kinds {
		if errors.Is(err, kind.sentinel) {
			return kind.name
		}
	}
	return "PannierError"
}

// errorJSON returns an error with its facts, or nil where it is no error of the
// client's or of a change.
func errorJSON(err error) object {
	var failedChange changeFailed
	if errors.As(err, &failedChange) {
		return object{"kind": "ChangeFailed", "message": string(failedChange)}
	}
	var refused *pannier.ArgumentError
	if errors.As(err, &refused) {
		return object{"kind": "ArgumentError", "message": refused.Problem}
	}
	var shared *pannier.Error
	if !errors.As(err, &shared) {
		return nil
	}
	result := object{
		"kind":          kindOf(err),
		"message":       shared.Message,
		"code":          statusNames[shared.Code],
		"reason":        shared.Reason,
		"write_outcome": nil,
	}
	if shared.WriteOutcome != pannier.OutcomeNone {
		result["write_outcome"] = shared.WriteOutcome.String()
	}
	addFacts(result, err)
	return result
}

func addFacts(result object, err error) {
	switch err := err.(type) {
	case *pannier.VersionConflictError:
		result["expected_version"] = err.ExpectedVersion
		result["actual_version"] = err.ActualVersion
		result["actual_etag"] = err.ActualETag
	case *pannier.DataTooLargeError:
		result["actual_bytes"] = err.ActualBytes
		result["limit_bytes"] = err.LimitBytes
	case *pannier.ThrottledError:
		result["retry_delay_seconds"] = nil
		if err.Retry {
			result["retry_delay_seconds"] = err.RetryDelay.Seconds()
		}
	case *pannier.OutcomeUnknownError:
		result["record"] = recordJSON(err.Record)
		result["data"] = dataJSON(err.Data)
	case *pannier.UnreadableRecordsError:
		rows := array{}
		for _, row := range err.Unreadable {
			rows = append(rows, unreadableJSON(row))
		}
		result["unreadable"], result["count"] = rows, err.Count
	}
}

// statusNames are in the order of their numbers, as gRPC writes them.
var statusNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
	"OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}
