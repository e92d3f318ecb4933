// Command conformance is the conformance runner of the Go client; see the README of
// the scenarios in tests/conformance.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = `usage:
  runner scenarios CONTROL_ADDRESS FILE... [--only TEXT]
  runner count SIDECAR_ADDRESS --owner O --keys K --writers W --increments N
  runner overhead SIDECAR_ADDRESS --calls N --rounds R`

// errScenariosFailed is for an exit code; what failed was printed.
var errScenariosFailed = errors.New("some scenarios failed")

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, errScenariosFailed) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func run(arguments []string) error {
	tasks := map[string]func([]string) error{
		"scenarios": runScenarios, "count": runCount, "overhead": runOverhead,
	}
	if len(arguments) == 0 || tasks[arguments[0]] == nil {
		return errors.New(usage)
	}
	return tasks[arguments[0]](arguments[1:])
}

func runScenarios(arguments []string) error {
	flags := flag.NewFlagSet("scenarios", flag.ContinueOnError)
	only := flags.String("only", "", "run scenarios whose name holds this text")
	places, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(places) < 2 {
		return errors.New(usage)
	}
	stage, err := connectControl(places[0])
	if err != nil {
		return err
	}
	defer stage.close()
	failed, err := playFiles(places[1:], stage, *only)
	if err == nil && failed > 0 {
		err = errScenariosFailed
	}
	return err
}

func runCount(arguments []string) error {
	var task counting
	flags := flag.NewFlagSet("count", flag.ContinueOnError)
	flags.StringVar(&task.owner, "owner", "", "whose counters")
	flags.IntVar(&task.keys, "keys", 1, "how many counters")
	flags.IntVar(&task.writers, "writers", 1, "how many writers each has")
	flags.IntVar(&task.increments, "increments", 1, "how many increments, over all")
	places, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(places) != 1 || task.keys < 1 || task.writers < 1 {
		return errors.New(usage)
	}
	task.address = places[0]
	return printed(task.run())
}

func runOverhead(arguments []string) error {
	var task measuring
	flags := flag.NewFlagSet("overhead", flag.ContinueOnError)
	flags.IntVar(&task.calls, "calls", 1, "how many calls a round has")
	flags.IntVar(&task.rounds, "rounds", 1, "how many rounds")
	places, err := parse(flags, arguments)
	if err != nil {
		return err
	}
	if len(places) != 1 || task.calls < 1 || task.rounds < 1 {
		return errors.New(usage)
	}
	task.address = places[0]
	return printed(task.run())
}

// parse takes flags before, between and after the other arguments, and returns
// those.
func parse(flags *flag.FlagSet, arguments []string) ([]string, error) {
	var others []string
	for {
		if err := flags.Parse(arguments); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return others, nil
		}
		others = append(others, flags.Arg(0))
		arguments = flags.Args()[1:]
	}
}

func printed(line []byte, err error) error {
	if err == nil {
		_, err = fmt.Printf("%s\n", line)
	}
	return err
}
