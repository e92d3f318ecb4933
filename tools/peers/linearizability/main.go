// Command linearizability-checker tells whether a history of calls on a store of versioned
// records is one that Pannier's contract allows: whether each call can have taken effect at
// one moment between its begin and its end, so that all answers fit.
//
// The search is porcupine's; the model in this folder says what the contract allows. A
// history is a file of JSON objects, one a line; see operation. The verdict is one JSON
// object on standard output.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "linearizability-checker:", err)
		os.Exit(1)
	}
}

func run() error {
	timeout := flag.Duration("timeout", time.Minute,
		"how long to search; keys that take longer are undecided")
	picture := flag.String("picture", "",
		"where to draw the first key whose history is illegal, as an HTML page")
	flag.Parse()
	if flag.NArg() != 1 {
		return fmt.Errorf("give one file with a history, not %d", flag.NArg())
	}
	histories, err := readHistories(flag.Arg(0))
	if err != nil {
		return err
	}
	verdict := check(histories, time.Now().Add(*timeout))
	if *picture != "" && len(verdict.Illegal) > 0 {
		if err := draw(histories[verdict.Illegal[0]], *picture); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(verdict)
}
