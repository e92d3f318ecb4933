package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pannier "github.com/pannier/pannier/client/go"
	pb "github.com/pannier/pannier/client/go/gen/pannier/v1"
)

const (
	stubTimeout = 10 * time.Second
	warmUpCalls = 2000
)

// measuring is what the client costs over its bare generated stub.
type measuring struct {
	address string
	calls   int
	rounds  int
}

// A contender makes calls, one after the other; it fails where an answer lacks
// something.
type contender func(ctx context.Context, calls int) error

var (
	errIncomplete = errors.New("the answer lacks something")
	measuredData  = bytes.Repeat([]byte("x"), 1000)
)

// run measures both, and returns the medians as JSON.
func (m measuring) run() ([]byte, error) {
	ctx := context.Background()
	store, err := pannier.Connect(m.address)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	channel, err := grpc.NewClient(m.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer channel.Close()
	stub := pb.NewStorageBackendClient(channel)
	key := "overhead:" + rand.Text()
	if _, err := store.Put(ctx, key, measuredData); err != nil {
		return nil, err
	}
	gets, err := m.compare(ctx, stubGets(stub, key), clientGets(store, key))
	if err != nil {
		return nil, err
	}
	puts, err := m.compare(ctx, stubPuts(stub, key), clientPuts(store, key))
	if err != nil {
		return nil, err
	}
	return json.Marshal(object{"get": gets, "put_if_version": puts})
}

// compare returns medians over the rounds, in microseconds a call.
func (m measuring) compare(ctx context.Context, stub, client contender) (map[string]float64, error) {
	taken := map[string][]float64{}
	for round := range m.rounds + 1 {
		names, contenders := []string{"stub", "client"}, []contender{stub, client}
		if round%2 == 0 {
			slices.Reverse(names)
			slices.Reverse(contenders)
		}
		calls := m.calls
		if round == 0 {
			calls = warmUpCalls
		}
		for i, name := range names {
			wall, cpu, err := measure(ctx, contenders[i], calls)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				taken[name+"_wall"] = append(taken[name+"_wall"], wall)
				taken[name+"_cpu"] = append(taken[name+"_cpu"], cpu)
			}
		}
	}
	medians := map[string]float64{}
	for name, each := range taken {
		medians[name] = math.Round(median(each)*100) / 100
	}
	return medians, nil
}

func measure(ctx context.Context, make contender, calls int) (wall, cpu float64, err error) {
	startedAt, usedBefore := time.Now(), processorTime()
	if err := make(ctx, calls); err != nil {
		return 0, 0, err
	}
	wall = float64(time.Since(startedAt).Nanoseconds()) / 1e3 / float64(calls)
	cpu = float64((processorTime() - usedBefore).Nanoseconds()) / 1e3 / float64(calls)
	return wall, cpu, nil
}

// processorTime returns what the process used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func stubGets(stub pb.StorageBackendClient, key string) contender {
	return func(ctx context.Context, calls int) error {
		for range calls {
			record, err := stubGet(ctx, stub, key)
			if err != nil {
				return err
			}
			if err := complete(len(record.GetData()) > 0, record.GetVersion(), record.GetEtag()); err != nil {
				return err
			}
		}
		return nil
	}
}

func clientGets(store *pannier.Store, key string) contender {
	return func(ctx context.Context, calls int) error {
		for range calls {
			record, err := store.Get(ctx, key)
			if err != nil {
				return err
			}
			if err := complete(len(record.Data) > 0, record.Version, record.ETag); err != nil {
				return err
			}
		}
		return nil
	}
}

func stubPuts(stub pb.StorageBackendClient, key string) contender {
	return func(ctx context.Context, calls int) error {
		record, err := stubGet(ctx, stub, key)
		if err != nil {
			return err
		}
		version := record.GetVersion()
		for range calls {
			answer, err := stubPut(ctx, stub, key, version)
			if err != nil {
				return err
			}
			version = answer.GetVersion()
			if err := complete(true, version, answer.GetEtag()); err != nil {
				return err
			}
		}
		return nil
	}
}

func clientPuts(store *pannier.Store, key string) contender {
	return func(ctx context.Context, calls int) error {
		record, err := store.Get(ctx, key)
		if err != nil {
			return err
		}
		version := record.Version
		for range calls {
			written, err := store.PutIfVersion(ctx, key, measuredData, version)
			if err != nil {
				return err
			}
			version = written.Version
			if err := complete(true, version, written.ETag); err != nil {
				return err
			}
		}
		return nil
	}
}

func stubGet(ctx context.Context, stub pb.StorageBackendClient, key string) (*pb.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, stubTimeout)
	defer cancel()
	answer, err := stub.Get(ctx, &pb.GetRequest{Key: key})
	return answer.GetRecord(), err
}

func stubPut(
	ctx context.Context, stub pb.StorageBackendClient, key string, version uint64,
) (*pb.PutIfVersionResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, stubTimeout)
	defer cancel()
	return stub.PutIfVersion(ctx, &pb.PutIfVersionRequest{
		Key: key, Data: measuredData, RequestId: randomUUID(), ExpectedVersion: version,
	})
}

func complete(hasData bool, version uint64, etag string) error {
	if !hasData || version == 0 || etag == "" {
		return errIncomplete
	}
	return nil
}

// randomUUID makes a request id as people do by hand.
func randomUUID() string {
	var id [16]byte
	rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
