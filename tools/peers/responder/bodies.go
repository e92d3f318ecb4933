package main

import (
	"fmt"
	"hash/crc32"
	"strings"
)

// The rows have the layout that the sidecar gives them by default, and the table has its keys.
const (
	tableDescription = `{"Table":{"TableStatus":"ACTIVE",` +
		`"KeySchema":[{"AttributeName":"PK","KeyType":"HASH"},` +
		`{"AttributeName":"SK","KeyType":"RANGE"}],` +
		`"AttributeDefinitions":[{"AttributeName":"PK","AttributeType":"S"},` +
		`{"AttributeName":"SK","AttributeType":"S"}]}}`
	timeToLiveDescription = `{"TimeToLiveDescription":` +
		`{"TimeToLiveStatus":"ENABLED","AttributeName":"expires_at"}}`
	unknownOperation = `{"__type":"com.amazon.coral.service#UnknownOperationException",` +
		`"message":"the fixed responder does not know this operation"}`

	writeIDs = `"write_id":{"S":"0b1f62a0-8f6c-4be3-9b4e-5f7f0f8d5a11"},` +
		`"prev_write_id":{"S":"6d0a2cf7-3a0e-4c62-8f25-6f5b1c0c9e42"}`

	// As long and as many as DynamoDB's own headers.
	head = "HTTP/1.1 %s\r\nServer: Server\r\nDate: Wed, 01 Jan 2025 00:00:00 GMT\r\n" +
		"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n" +
		"Connection: keep-alive\r\n" +
		"x-amzn-RequestId: 38N9IJV176MACH027DNIRT5C53VV4KQNSO5AEMVJF66Q9ASUAAJG\r\n" +
		"x-amz-crc32: %d\r\n\r\n"
)

// httpAnswer returns a whole answer, with the checksum that DynamoDB's clients check.
func httpAnswer(status, body string) []byte {
	checksum := crc32.ChecksumIEEE([]byte(body))
	return []byte(fmt.Sprintf(head, status, len(body), checksum) + body)
}

func getItem(size int) string {
	return `{"Item":` + row(size, 0) + `}`
}

// queryPage returns the last page of a Query.
func queryPage(size, records int) string {
	rows := make([]string, records)
	for number := range rows {
		rows[number] = row(size, number)
	}
	return fmt.Sprintf(`{"Count":%d,"ScannedCount":%d,"Items":[%s]}`,
		records, records, strings.Join(rows, ","))
}

// updatedValues returns what UpdateItem answers where the new values are wanted.
func updatedValues(size int) string {
	return `{"Attributes":{` + recordValues(size) + `}}`
}

func row(size, number int) string {
	return fmt.Sprintf(`{"PK":{"S":"OWNER#load-0"},"SK":{"S":"TASK#bytes-%d-%06d"},%s}`,
		size, number, recordValues(size))
}

func recordValues(size int) string {
	data := strings.Repeat("012", size/3+1)[:size]
	return fmt.Sprintf(`"version":{"N":"7"},"data":{"S":"%s"},%s`, data, writeIDs)
}
