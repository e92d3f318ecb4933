package main

import (
	"bytes"
	"strconv"
	"sync"
)

// A row of DynamoDB holds at most 400 KB, and a page of a Query about 1 MB.
const (
	maxRecordBytes = 400_000
	maxPageRecords = 10_000
)

// In a request, what stands before the size of the record that it is about. The sort key
// carries the size, so that one responder serves records of all sizes.
var sizeMark = []byte(`"TASK#bytes-`)

var wantsNewValues = []byte(`"UPDATED_NEW"`)

// kind is an answer that depends on nothing but the record's size.
type kind int

const (
	item kind = iota
	page
	newValues
)

type variant struct {
	kind kind
	size int
}

// answers holds whole HTTP answers, made when they are first asked for.
type answers struct {
	recordBytes int
	pageRecords int

	empty              []byte
	describeTable      []byte
	describeTimeToLive []byte
	unknown            []byte

	mutex sync.RWMutex
	sized map[variant][]byte
}

func newAnswers(recordBytes, pageRecords int) *answers {
	return &answers{
		recordBytes:        recordBytes,
		pageRecords:        pageRecords,
		empty:              httpAnswer("200 OK", "{}"),
		describeTable:      httpAnswer("200 OK", tableDescription),
		describeTimeToLive: httpAnswer("200 OK", timeToLiveDescription),
		unknown:            httpAnswer("400 Bad Request", unknownOperation),
		sized:              map[variant][]byte{},
	}
}

// to returns the answer to a request.
func (a *answers) to(request request) []byte {
	switch request.operation {
	case "GetItem":
		return a.ofSize(item, request.body)
	case "Query":
		return a.ofSize(page, request.body)
	case "UpdateItem":
		if bytes.Contains(request.body, wantsNewValues) {
			return a.ofSize(newValues, request.body)
		}
		return a.empty
	case "DeleteItem", "PutItem":
		return a.empty
	case "DescribeTable":
		return a.describeTable
	case "DescribeTimeToLive":
		return a.describeTimeToLive
	}
	return a.unknown
}

// ofSize returns an answer with records of the size that the request's sort key names.
func (a *answers) ofSize(kind kind, body []byte) []byte {
	wanted := variant{kind, a.sizeIn(body)}
	a.mutex.RLock()
	answer := a.sized[wanted]
	a.mutex.RUnlock()
	if answer == nil {
		answer = a.render(wanted)
		a.mutex.Lock()
		a.sized[wanted] = answer
		a.mutex.Unlock()
	}
	return answer
}

func (a *answers) sizeIn(body []byte) int {
	_, rest, found := bytes.Cut(body, sizeMark)
	if !found {
		return a.recordBytes
	}
	digits, _, _ := bytes.Cut(rest[:min(len(rest), 8)], []byte("-"))
	size, err := strconv.Atoi(string(digits))
	if err != nil || size < 0 || size > maxRecordBytes {
		return a.recordBytes
	}
	return size
}

func (a *answers) render(wanted variant) []byte {
	switch wanted.kind {
	case page:
		return httpAnswer("200 OK", queryPage(wanted.size, a.pageRecords))
	case newValues:
		return httpAnswer("200 OK", updatedValues(wanted.size))
	default:
		return httpAnswer("200 OK", getItem(wanted.size))
	}
}
