package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	pannier "github.com/pannier/pannier/client/go"
)

// errScenario is a scenario that makes no sense here.
var errScenario = errors.New("the scenario is wrong")

type topic struct {
	Topic     string     `json:"topic"`
	Scenarios []scenario `json:"scenarios"`
}

type scenario struct {
	Name    string            `json:"name"`
	Connect connecting        `json:"connect"`
	Stage   object            `json:"stage"`
	Steps   []json.RawMessage `json:"steps"`
}

type connecting struct {
	TimeoutSeconds *float64 `json:"timeout_seconds"`
	MaxAttempts    int      `json:"max_attempts"`
	Token          string   `json:"token"`
}

// playFiles carries out the scenarios of files whose names hold a text, and returns
// how many failed.
func playFiles(files []string, stage *control, only string) (failed int, err error) {
	passed := 0
	for _, file := range files {
		topic, err := readTopic(file)
		if err != nil {
			return failed, err
		}
		for _, scenario := range topic.Scenarios {
			if !strings.Contains(scenario.Name, only) {
				continue
			}
			if err := scenario.play(stage); err != nil {
				failed++
				fmt.Printf("FAILED %s: %s\n  %v\n", topic.Topic, scenario.Name, err)
			} else {
				passed++
			}
		}
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	return failed, nil
}

func readTopic(file string) (topic, error) {
	var read topic
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	return read, err
}

func (s scenario) play(stage *control) (err error) {
	wanted := s.Stage
	if wanted == nil {
		wanted = object{}
	}
	began, err := stage.do(object{"do": "begin", "scenario": s.Name, "stage": wanted})
	if err != nil {
		return err
	}
	defer func() {
		if _, ending := stage.do(object{"do": "end"}); err == nil {
			err = ending
		}
	}()
	address, _ := began["address"].(string)
	authority, _ := began["ca_file"].(string)
	options, err := s.Connect.options(authority)
	if err != nil {
		return err
	}
	store, err := pannier.Connect(address, options...)
	if err != nil {
		return err
	}
	play := newPlay(calls{store, stage}, began["owner"])
	// Calls that a failed scenario left running end with their store.
	defer play.running.Wait()
	defer store.Close()
	return play.steps(s.Steps)
}

func (c connecting) options(authority string) ([]pannier.ConnectOption, error) {
	options := []pannier.ConnectOption{
		pannier.WithRetries(pannier.RetryPolicy{MaxAttempts: c.MaxAttempts}),
	}
	if c.TimeoutSeconds != nil {
		options = append(options, pannier.WithTimeout(duration(*c.TimeoutSeconds)))
	}
	if c.Token != "" {
		options = append(options, pannier.WithToken(c.Token))
	}
	if authority == "" {
		return options, nil
	}
	certificate, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(certificate) {
		return nil, fmt.Errorf("%s holds no certificate", authority)
	}
	return append(options, pannier.WithTLS(&tls.Config{RootCAs: roots, ServerName: "localhost"})), nil
}
