package pannier_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	pannier "github.com/pannier/pannier/client/go"
)

func TestEachWriteIsMadeOnceOverKillsAndRestartsOfTheSidecar(t *testing.T) {
	if sidecarAddress == "" {
		t.Skip(errNoSidecar)
	}
	const writers, kills, betweenKills = 64, 2, 300
	address, path := freeAddress(t)
	sidecar := startAgain(t, path, address)
	chains := &chains{
		store: connect(t, address, pannier.WithTimeout(time.Minute)),
		made:  make(chan struct{}, 1<<20), broken: make(chan error, writers), stop: make(chan struct{}),
	}
	for number := range writers {
		chains.running.Add(1)
		go chains.extend(fmt.Sprintf("o:%d", number))
	}
	for range kills {
		chains.await(t, betweenKills)
		if err := sidecar.kill(); err != nil {
			t.Fatal(err)
		}
		sidecar = startAgain(t, path, address)
	}
	chains.await(t, betweenKills)
	close(chains.stop)
	chains.running.Wait()
	select {
	case err := <-chains.broken:
		t.Error(err)
	default:
	}
}

// startAgain starts a sidecar whose records outlive it, beside its socket.
func startAgain(t *testing.T, path, address string) *sidecarProcess {
	t.Helper()
	store := "sqlite://" + filepath.Join(filepath.Dir(path), "records.db")
	started, err := startProcess(store, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.stop)
	return started
}

// chains are writes to one record each, every one over the one before it: what is
// lost, done twice or in doubt breaks the chain.
type chains struct {
	store   *pannier.Store
	running sync.WaitGroup
	made    chan struct{}
	broken  chan error
	stop    chan struct{}
}

func (c *chains) extend(key string) {
	defer c.running.Done()
	for version := uint64(0); ; version++ {
		select {
		case <-c.stop:
			return
		default:
		}
		written, err := c.store.PutIfVersion(context.Background(), key, []byte(key), version)
		if err == nil && written.Version != version+1 {
			err = fmt.Errorf("%s has version %d, not %d", key, written.Version, version+1)
		}
		if err != nil {
			c.broken <- err
			return
		}
		c.made <- struct{}{}
	}
}

// await returns once so many more writes are made.
func (c *chains) await(t *testing.T, count int) {
	t.Helper()
	for len(c.made) > 0 {
		<-c.made
	}
	for range count {
		select {
		case <-c.made:
		case err := <-c.broken:
			t.Fatal(err)
		}
	}
}
