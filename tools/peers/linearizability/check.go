package main

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// A verdict names the keys whose history the contract does not allow, and those for which
// the time did not suffice.
type verdict struct {
	Keys       int      `json:"keys"`
	Operations int      `json:"operations"`
	Illegal    []string `json:"illegal"`
	Undecided  []string `json:"undecided"`
}

// check searches an order of operations for each key, on all cores, until the deadline.
func check(histories map[string][]porcupine.Operation, deadline time.Time) verdict {
	keys := make(chan string)
	found := verdict{Keys: len(histories), Illegal: []string{}, Undecided: []string{}}
	var lock sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for key := range keys {
				result := checkKey(histories[key], deadline)
				lock.Lock()
				found.add(key, result)
				lock.Unlock()
			}
		}()
	}
	for key, operations := range histories {
		found.countOperations(operations, &lock)
		keys <- key
	}
	close(keys)
	workers.Wait()
	slices.Sort(found.Illegal)
	slices.Sort(found.Undecided)
	return found
}

func checkKey(operations []porcupine.Operation, deadline time.Time) porcupine.CheckResult {
	left := time.Until(deadline)
	if left <= 0 {
		return porcupine.Unknown
	}
	return porcupine.CheckOperationsTimeout(model.ToModel(), operations, left)
}

func (v *verdict) countOperations(operations []porcupine.Operation, lock *sync.Mutex) {
	lock.Lock()
	defer lock.Unlock()
	v.Operations += len(operations)
}

func (v *verdict) add(key string, result porcupine.CheckResult) {
	switch result {
	case porcupine.Illegal:
		v.Illegal = append(v.Illegal, key)
	case porcupine.Unknown:
		v.Undecided = append(v.Undecided, key)
	}
}
