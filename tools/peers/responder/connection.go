package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
)

// Larger than the request of most calls, so that their bodies are not copied.
const readBufferBytes = 64 * 1024

// A request of DynamoDB is at most 16 MB (BatchWriteItem).
const maxBodyBytes = 16 * 1024 * 1024

var errLongBody = fmt.Errorf("a request's body is larger than %d bytes", maxBodyBytes)

// request is what matters of a request: the operation and the JSON.
type request struct {
	operation string
	body      []byte
}

// answerAll answers one request after another until the client closes the connection.
//
// It reads HTTP/1.1 (RFC 9112) as DynamoDB's clients write it: a body has a Content-Length, and
// the connection stays open. net/http would cost several times as much per request.
func answerAll(connection net.Conn, answers *answers) {
	defer connection.Close()
	reader := bufio.NewReaderSize(connection, readBufferBytes)
	var large []byte
	for {
		request, pending, err := readRequest(reader, &large)
		if err != nil {
			if !isDisconnect(err) {
				fmt.Fprintln(os.Stderr, "fixed-responder:", err)
			}
			return
		}
		if _, err := connection.Write(answers.to(request)); err != nil {
			return
		}
		if _, err := reader.Discard(pending); err != nil {
			return
		}
	}
}

// isDisconnect tells whether a client went away, which is no one's fault.
func isDisconnect(err error) bool {
	var network *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// readRequest reads a head and a body. The body is valid until the next read; where it lies in
// the reader's own buffer, pending says how many bytes are to be discarded after its use.
func readRequest(reader *bufio.Reader, large *[]byte) (request request, pending int, err error) {
	length, err := readHead(reader, &request)
	if err != nil {
		return request, 0, err
	}
	if length > maxBodyBytes {
		return request, 0, errLongBody
	}
	if length <= reader.Size() {
		request.body, err = reader.Peek(length)
		return request, length, err
	}
	if cap(*large) < length {
		*large = make([]byte, length)
	}
	request.body = (*large)[:length]
	_, err = io.ReadFull(reader, request.body)
	return request, 0, err
}

// readHead reads the request line and the headers, and returns the body's length.
func readHead(reader *bufio.Reader, request *request) (length int, err error) {
	if _, err = reader.ReadSlice('\n'); err != nil {
		return 0, err
	}
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case equalFold(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, fmt.Errorf("Content-Length %q is no length", value)
			}
		case equalFold(name, "x-amz-target"):
			_, operation, _ := bytes.Cut(value, []byte("."))
			request.operation = string(operation)
		}
	}
}

// equalFold compares with a name in lower case. The length alone settles most comparisons.
func equalFold(name []byte, lower string) bool {
	return len(name) == len(lower) && bytes.EqualFold(name, []byte(lower))
}
