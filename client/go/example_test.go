package pannier_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	pannier "github.com/pannier/pannier/client/go"
)

func Example() {
	ctx := context.Background()
	store, err := pannier.Connect("")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	key, err := pannier.Key("alice", "visits")
	if err != nil {
		log.Fatal(err)
	}
	written, err := store.Put(ctx, key, []byte("41"), pannier.WithTTL(time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", written.Version)

	record, err := store.Update(ctx, key, func(data []byte) ([]byte, error) {
		visits, err := strconv.Atoi(string(data))
		return strconv.AppendInt(nil, int64(visits+1), 10), err
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s at version %d\n", record.Data, record.Version)
	// Output:
	// version 1
	// 42 at version 2
}

// Errors are told apart with errors.Is, and have their facts with errors.As.
func Example_errors() {
	ctx, store := context.Background(), open()
	defer store.Close()

	_, err := store.Get(ctx, "erin:nothing")
	if errors.Is(err, pannier.ErrNotFound) {
		fmt.Println("never written, deleted or expired")
	}

	if _, err := store.Put(ctx, "erin:draft", []byte("one")); err != nil {
		log.Fatal(err)
	}
	_, err = store.PutIfVersion(ctx, "erin:draft", []byte("two"), 7)
	var conflict *pannier.VersionConflictError
	if errors.As(err, &conflict) {
		fmt.Println("expected", conflict.ExpectedVersion, "but there is", conflict.ActualVersion)
	}

	_, err = store.Get(ctx, "no-colon")
	var failure *pannier.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Code, failure.Reason)
	}
	// Output:
	// never written, deleted or expired
	// expected 7 but there is 1
	// InvalidArgument KEY_INVALID
}

func ExampleConnect() {
	store, err := pannier.Connect(
		"storage.example:50051",
		pannier.WithTLS(&tls.Config{}),
		pannier.WithToken("the-token"),
		pannier.WithTimeout(3*time.Second),
		pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: 5}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	fmt.Println(store.Address())
	// Output: storage.example:50051
}

func ExampleKey() {
	fmt.Println(pannier.Key("alice", "task:42"))
	_, err := pannier.Key("alice:bob", "42")
	fmt.Println(err)
	// Output:
	// alice:task:42 <nil>
	// pannier: the owner must not contain a colon: it ends where the name begins
}

func ExamplePrefix() {
	fmt.Println(pannier.Prefix("alice", "task:"))
	fmt.Println(pannier.Prefix("alice", ""))
	// Output:
	// alice:task: <nil>
	// alice: <nil>
}

func ExampleStore_Get() {
	ctx, store := context.Background(), open()
	defer store.Close()

	if _, err := store.Put(ctx, "alice:colour", []byte("green")); err != nil {
		log.Fatal(err)
	}
	record, err := store.Get(ctx, "alice:colour")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %t\n", record.Data, record.ExpireTime.IsZero())
	// Output: green, true
}

func ExampleStore_Put() {
	ctx, store := context.Background(), open()
	defer store.Close()

	for _, token := range []string{"one", "two"} {
		written, err := store.Put(ctx, "alice:session", []byte(token), pannier.WithTTL(time.Hour))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(written.Version, time.Until(written.ExpireTime).Round(time.Minute))
	}
	// Output:
	// 1 1h0m0s
	// 2 1h0m0s
}

func ExampleStore_PutIfVersion() {
	ctx, store := context.Background(), open()
	defer store.Close()

	first, err := store.Put(ctx, "alice:theme", []byte("light"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = store.PutIfVersion(ctx, "alice:theme", []byte("dark"), first.Version, pannier.WithETag(first.ETag))
	fmt.Println(err)
	_, err = store.PutIfVersion(ctx, "alice:theme", []byte("blue"), first.Version, pannier.WithETag(first.ETag))
	fmt.Println(errors.Is(err, pannier.ErrVersionConflict))
	// Output:
	// <nil>
	// true
}

func ExampleStore_Create() {
	ctx, store := context.Background(), open()
	defer store.Close()

	written, err := store.Create(ctx, "alice:approval", []byte("pending"))
	fmt.Println(written.Version, err)
	_, err = store.Create(ctx, "alice:approval", []byte("pending"))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// pannier: a live record has this key already, at version 1
}

func ExampleStore_Update() {
	ctx, store := context.Background(), open()
	defer store.Close()

	if _, err := store.Put(ctx, "alice:log", []byte("started")); err != nil {
		log.Fatal(err)
	}
	record, err := store.Update(ctx, "alice:log", func(data []byte) ([]byte, error) {
		return append(data, ", finished"...), nil
	})
	fmt.Println(string(record.Data), err)

	record, err = store.Update(ctx, "alice:log", func([]byte) ([]byte, error) {
		return nil, pannier.ErrUnchanged
	})
	fmt.Println(record.Version, err)
	// Output:
	// started, finished <nil>
	// 2 <nil>
}

func ExampleStore_Delete() {
	ctx, store := context.Background(), open()
	defer store.Close()

	written, err := store.Put(ctx, "alice:scratch", []byte("text"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Delete(ctx, "alice:scratch", pannier.WithETag(written.ETag)))
	fmt.Println(store.Delete(ctx, "alice:scratch"))
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleStore_List() {
	ctx, store := context.Background(), open()
	defer store.Close()

	for number := range 3 {
		key := fmt.Sprintf("bob:task:%d", number)
		if _, err := store.Put(ctx, key, []byte("to do")); err != nil {
			log.Fatal(err)
		}
	}
	for record, err := range store.List(ctx, "bob:task:", pannier.WithOrder(pannier.Descending)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record)
	}
	// Output:
	// bob:task:2 at version 1, 5 bytes
	// bob:task:1 at version 1, 5 bytes
	// bob:task:0 at version 1, 5 bytes
}

func ExampleStore_ListPages() {
	ctx, store := context.Background(), open()
	defer store.Close()

	for number := range 3 {
		key := fmt.Sprintf("carol:task:%d", number)
		if _, err := store.Put(ctx, key, nil); err != nil {
			log.Fatal(err)
		}
	}
	for page, err := range store.ListPages(ctx, "carol:", pannier.WithPageSize(2)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Records), "records; the end:", page.NextPageToken == "")
	}
	// Output:
	// 2 records; the end: false
	// 1 records; the end: true
}

func ExampleStore_CleanupExpired() {
	ctx, store := context.Background(), open()
	defer store.Close()

	longAgo := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := store.Put(ctx, "dave:old", nil, pannier.WithExpireTime(longAgo)); err != nil {
		log.Fatal(err)
	}
	result, err := store.CleanupExpired(ctx, "dave:")
	fmt.Println(result.Removed, result.More, err)
	// Output: 1 false <nil>
}

// open connects to the sidecar of these examples, and removes what others left.
func open() *pannier.Store {
	store, err := pannier.Connect("")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, owner := range []string{"alice:", "bob:", "carol:", "dave:", "erin:"} {
		for record, err := range store.List(ctx, owner, pannier.WithKeysOnly()) {
			if err != nil {
				log.Fatal(err)
			}
			if _, err := store.Delete(ctx, record.Key); err != nil {
				log.Fatal(err)
			}
		}
	}
	return store
}
