// Command fixed-responder answers DynamoDB's JSON protocol with bytes that it made before.
//
// It stores nothing and checks nothing: every read finds a record, every write succeeds. A
// benchmark puts it in the place of DynamoDB, so that what is left is the cost of the client
// and of the server in front of it.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "fixed-responder:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "where to listen: HOST:PORT")
	recordBytes := flag.Int("record-bytes", 1024,
		"size of a record's data where the key does not say another: TASK#bytes-N-...")
	pageRecords := flag.Int("page-records", 100, "how many records a Query answers")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is not a flag: see -help", flag.Arg(0))
	}
	if *recordBytes < 0 || *recordBytes > maxRecordBytes {
		return fmt.Errorf("-record-bytes is %d: give 0 to %d", *recordBytes, maxRecordBytes)
	}
	if *pageRecords < 0 || *pageRecords > maxPageRecords {
		return fmt.Errorf("-page-records is %d: give 0 to %d", *pageRecords, maxPageRecords)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("cannot listen on -listen %s: %w", *listen, err)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	return serve(listener, newAnswers(*recordBytes, *pageRecords))
}

// serve answers on every connection until SIGTERM or Ctrl-C.
func serve(listener net.Listener, answers *answers) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	failed := make(chan error, 1)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				failed <- err
				return
			}
			go answerAll(connection, answers)
		}
	}()
	select {
	case <-stop:
		return nil
	case err := <-failed:
		return err
	}
}
