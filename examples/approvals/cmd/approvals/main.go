// Command approvals asks for approvals, and gives them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	pannier "github.com/pannier/pannier/client/go"
	"github.com/pannier/pannier/examples/approvals"
)

const usage = `usage: approvals [-address ADDRESS] [-lifetime TIME] COMMAND

The sidecar is at ADDRESS, else at $PANNIER_ADDRESS, else at the default socket.
A request lives for 720h unless TIME says otherwise. The commands are

  request REQUESTER SUBJECT...                 make a request, and print its id
  list REQUESTER                               list someone's requests, newest first
  show REQUESTER ID                            show a request
  approve REQUESTER ID APPROVER [COMMENT...]   approve a request
  reject REQUESTER ID APPROVER [COMMENT...]    reject it
  withdraw REQUESTER ID                        delete it, if it is there`

var errUsage = errors.New(usage)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// run carries out a command line.
func run(ctx context.Context, arguments []string, output io.Writer) error {
	flags := flag.NewFlagSet("approvals", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	address := flags.String("address", "", "")
	lifetime := flags.Duration("lifetime", approvals.DefaultLifetime, "")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(output, usage)
		return nil
	} else if err != nil {
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	command, ok := commands[flags.Arg(0)]
	if !ok || flags.NArg()-1 < command.arguments {
		return errUsage
	}
	records, err := pannier.Connect(*address)
	if err != nil {
		return err
	}
	defer records.Close()
	call := call{approvals.New(records, *lifetime), flags.Args()[1:], output}
	return command.run(ctx, call)
}

// A call is a command with what it needs.
type call struct {
	store     *approvals.Store
	arguments []string
	output    io.Writer
}

var commands = map[string]struct {
	arguments int // how many it needs at least
	run       func(context.Context, call) error
}{
	"request":  {2, request},
	"list":     {1, list},
	"show":     {2, show},
	"approve":  {3, decide(approvals.Approved)},
	"reject":   {3, decide(approvals.Rejected)},
	"withdraw": {2, withdraw},
}

func request(ctx context.Context, c call) error {
	made := approvals.NewRequest(c.arguments[0], strings.Join(c.arguments[1:], " "))
	made, err := c.store.Create(ctx, made)
	if err == nil {
		fmt.Fprintln(c.output, made.ID)
	}
	return err
}

func list(ctx context.Context, c call) error {
	table := tabwriter.NewWriter(c.output, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "ID\tSTATUS\tMADE\tSUBJECT")
	var invalid error
	for found, err := range c.store.List(ctx, c.arguments[0]) {
		if errors.Is(err, approvals.ErrInvalid) {
			invalid = errors.Join(invalid, err)
			continue
		}
		if err != nil {
			return err
		}
		made := found.CreateTime.Local().Format(time.DateTime)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", found.ID, found.Status, made, printable(found.Subject))
	}
	return invalid
}

func show(ctx context.Context, c call) error {
	found, err := c.store.Get(ctx, c.arguments[0], c.arguments[1])
	if err == nil {
		printRequest(c.output, found)
	}
	return err
}

// decide reads the request and writes it as decided. Where someone was faster, it is
// the caller who has to look again: the other one may have decided otherwise.
func decide(status approvals.Status) func(context.Context, call) error {
	return func(ctx context.Context, c call) error {
		found, err := c.store.Get(ctx, c.arguments[0], c.arguments[1])
		if err != nil {
			return err
		}
		if err := found.Decide(status, c.arguments[2], strings.Join(c.arguments[3:], " ")); err != nil {
			return err
		}
		found, err = c.store.Update(ctx, found)
		if err == nil {
			printRequest(c.output, found)
		}
		return err
	}
}

func withdraw(ctx context.Context, c call) error {
	return c.store.Delete(ctx, c.arguments[0], c.arguments[1])
}

func printRequest(output io.Writer, request approvals.Request) {
	table := tabwriter.NewWriter(output, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintf(table, "subject\t%s\n", printable(request.Subject))
	fmt.Fprintf(table, "status\t%s\n", request.Status)
	fmt.Fprintf(table, "requester\t%s\n", printable(request.Requester))
	fmt.Fprintf(table, "made\t%s\n", request.CreateTime.Local().Format(time.DateTime))
	if request.Status != approvals.Pending {
		fmt.Fprintf(table, "approver\t%s\n", printable(request.Approver))
		fmt.Fprintf(table, "decided\t%s\n", request.DecideTime.Local().Format(time.DateTime))
	}
	if request.Comment != "" {
		fmt.Fprintf(table, "comment\t%s\n", printable(request.Comment))
	}
	if !request.ExpireTime.IsZero() {
		fmt.Fprintf(table, "expires\t%s\n", request.ExpireTime.Local().Format(time.DateTime))
	}
}

// printable returns text without what could steer a terminal: others wrote it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
