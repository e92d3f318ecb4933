package main

import (
	"bytes"
	"context"

	"google.golang.org/grpc"
)

// echoService answers each request with its own bytes.
var echoService = grpc.ServiceDesc{
	ServiceName: "bench.Echo",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Call", Handler: echo}},
}

// storageService is the part of pannier.v1.StorageBackend that a load test calls.
var storageService = grpc.ServiceDesc{
	ServiceName: "pannier.v1.StorageBackend",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: get}},
}

func echo(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := &rawMessage{}
	if err := decode(request); err != nil {
		return nil, err
	}
	return request, nil
}

// fixedRecord is the one record there is; it has every key.
type fixedRecord struct {
	data []byte
	etag string
}

func newFixedRecord(size int) *fixedRecord {
	return &fixedRecord{
		data: bytes.Repeat([]byte{'0'}, size),
		etag: "1-00000000000000000000000000000000",
	}
}

func get(service any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := &getRequest{}
	if err := decode(request); err != nil {
		return nil, err
	}
	record := service.(*fixedRecord)
	return &getResponse{key: request.key, data: record.data, version: 1, etag: record.etag}, nil
}
