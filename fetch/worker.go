// `fetch worker`: the half that is the task's user. It reads one job, fetches one artifact, and says how it went.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// environment is what a worker takes from the outside; tests have servers on loopback and another base.
type environment struct {
	base       string
	newNetwork func(fetchLimits) (*network, error)
	become     func(uid, gid uint32) error
}

func standardEnvironment() environment {
	return environment{base: "/", newNetwork: newNetwork, become: becomeIrrevocably}
}

// outcome is what a worker writes to its standard output, as JSON. An empty error is a success.
type outcome struct {
	Error string `json:"error"`
}

func runWorker(input io.Reader, output io.Writer, around environment) int {
	var given job
	if err := json.NewDecoder(input).Decode(&given); err != nil {
		return tell(output, errors.New("the worker was not told what to fetch"), nil)
	}
	secrets := secretsOf(given.Artifact, given.Credentials)
	if err := around.become(given.UID, given.GID); err != nil {
		return tell(output, fmt.Errorf("the worker could not become the task's user: %w", err), secrets)
	}
	syscall.Umask(taskUmask)
	// The end of the input says that nobody waits for this artifact any more.
	wanted, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, input)
		stop()
	}()
	return tell(output, fetchJob(wanted, given, around), secrets)
}

func fetchJob(stopped context.Context, given job, around environment) error {
	ctx, cancel := context.WithTimeout(stopped, given.Limits.timeout())
	defer cancel()
	out, err := around.newNetwork(given.Limits)
	if err != nil {
		return err
	}
	counted := &progress{}
	done := make(chan struct{})
	defer close(done)
	go counted.report(os.Stderr, displayOf(given.Artifact.Source), done)
	one := fetcher{job: given, base: around.base, out: out, progress: counted}
	err = one.fetch(ctx)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimeout(given.Limits)
	}
	return err
}

func errTimeout(limits fetchLimits) error {
	return fmt.Errorf("it takes longer than %s, the most that the profile allows", limits.timeout())
}

func tell(output io.Writer, err error, secrets []string) int {
	said := outcome{}
	if err != nil {
		said.Error = sweep(err.Error(), secrets)
	}
	if writeErr := json.NewEncoder(output).Encode(said); writeErr != nil || err != nil {
		return exitFailed
	}
	return 0
}
