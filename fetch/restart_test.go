// The restart policy of failed downloads: each case is a record, an end, and what must follow.
package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

const someMs = 1_800_000_000_000

var twoTries = restarts.Policy{Attempts: 2, IntervalMs: 60_000, DelayMs: 4000, Mode: restarts.ModeFail}

func TestAFailedDownloadCountsAgainstTheRestartPolicy(t *testing.T) {
	record := func(attempt int) attemptsRecord {
		return attemptsRecord{Version: recordVersion, IntervalStartMs: someMs, Attempt: attempt, Restarts: attempt, StartedMs: someMs}
	}
	inDelayMode := twoTries
	inDelayMode.Mode = restarts.ModeDelay
	for _, one := range []struct {
		name    string
		policy  restarts.Policy
		before  attemptsRecord
		nowMs   int64
		spent   bool
		beyond  bool
		delayMs int64
		attempt int
	}{
		{name: "no restarts are allowed", policy: restarts.Policy{IntervalMs: 60_000, DelayMs: 4000, Mode: restarts.ModeFail}, before: record(0), nowMs: someMs + 9, spent: true},
		{name: "the first is tried again after the delay and half of its jitter", policy: twoTries, before: record(0), nowMs: someMs + 9, delayMs: 4500, attempt: 1},
		{name: "the last one allowed", policy: twoTries, before: record(1), nowMs: someMs + 9, delayMs: 4500, attempt: 2},
		{name: "the attempts are spent", policy: twoTries, before: record(2), nowMs: someMs + 9, spent: true, attempt: 2},
		{name: "a new interval counts anew", policy: twoTries, before: record(2), nowMs: someMs + 60_000, delayMs: 4500, attempt: 1},
		{name: "mode delay waits for the rest of the interval", policy: inDelayMode, before: record(2), nowMs: someMs + 10_000, beyond: true, delayMs: 50_000, attempt: 3},
		{name: "a clock that was set back begins an interval", policy: twoTries, before: record(2), nowMs: someMs - 5, delayMs: 4500, attempt: 1},
	} {
		after := one.before.failed(one.policy, "no", one.nowMs, 0.5)
		past := after.Failures[len(after.Failures)-1]
		if after.Spent != one.spent || past.Beyond != one.beyond || after.Attempt != one.attempt || (past.RestartInMs == nil) != one.spent {
			t.Errorf("%s: %+v %+v", one.name, after, past)
		}
		if !one.spent && (*past.RestartInMs != one.delayMs || after.NextStartMs != one.nowMs+one.delayMs || after.Restarts != one.before.Restarts+1) {
			t.Errorf("%s: put off by %d ms, until %d, restarts %d", one.name, *past.RestartInMs, after.NextStartMs, after.Restarts)
		}
		if past.FinishedMs != one.nowMs || past.StartedMs > past.FinishedMs || past.Message != "no" || after.StartedMs != 0 || !after.isSound() {
			t.Errorf("%s: %+v %+v", one.name, after, past)
		}
	}
}

func TestWhatAContainerThatComesUpMakesOfItsRecord(t *testing.T) {
	underWay := attemptsRecord{Version: recordVersion, IntervalStartMs: someMs, StartedMs: someMs}
	if after := underWay.begun(twoTries, someMs+7, 0); after.Attempt != 1 || after.lastMessage() != lostDownload || after.NextStartMs != someMs+7+4000 {
		t.Errorf("a try without an end: %+v", after)
	}
	if fresh := (attemptsRecord{}).begun(twoTries, someMs, 0); fresh.NextStartMs != someMs || fresh.IntervalStartMs != someMs || fresh.Spent {
		t.Errorf("the first: %+v", fresh)
	}
	far := attemptsRecord{Version: recordVersion, IntervalStartMs: someMs, NextStartMs: someMs * 2}
	if after := far.begun(twoTries, someMs, 0); after.NextStartMs != someMs+60_000 {
		t.Errorf("a start that is put off for ever: %+v", after)
	}
	many := underWay
	for range 9 {
		many = many.failed(restarts.Policy{Mode: restarts.ModeDelay}, strings.Repeat("é", 900), someMs, 0)
	}
	if len(many.Failures) != maxPastDownloads || !many.isSound() {
		t.Errorf("it keeps %d failures", len(many.Failures))
	}
}

func TestTheRecordOutlivesTheContainerAndNonsenseCountsAsNone(t *testing.T) {
	folder := t.TempDir()
	record := attemptsRecord{Version: recordVersion, IntervalStartMs: someMs, StartedMs: someMs}.failed(twoTries, "no", someMs+1, 0)
	if err := writeAttempts(folder, record); err != nil {
		t.Fatal(err)
	}
	if read := readAttempts(folder); read.Attempt != 1 || read.lastMessage() != "no" {
		t.Errorf("it read %+v", read)
	}
	for _, text := range []string{"", "[]", `{"version":2}`, `{"version":1,"attempt":-1}`, `{"version":1,"failures":[{},{},{},{},{}]}`, `{"version":1,"more":1}`, `{"version":1}{}`} {
		if err := os.WriteFile(filepath.Join(folder, recordName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if read := readAttempts(folder); read.Version != 0 {
			t.Errorf("%q was taken for %+v", text, read)
		}
	}
}

func TestAnArtifactThatIsNotThereIsTriedAsOftenAsThePolicyAllows(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(response, "no", http.StatusNotFound)
	}))
	defer server.Close()
	in := newPod(t, artifact{Source: server.URL + "/x"})
	in.document["restart"] = map[string]any{"attempts": 1, "intervalMs": 600_000, "delayMs": 1, "mode": "fail", "renderTemplates": false}
	if code, _ := in.run(); code != exitFailed || in.message().Reason != reasonExited || in.message().Restarts != 1 {
		t.Errorf("the first ends with %d: %+v", code, in.message())
	}
	first := asked.Load()
	code, _ := in.run()
	last := in.message()
	if code != exitNoRestart || last.Reason != reasonSpent || last.Restarts != 1 || len(last.Failures) != 2 || last.Failures[1].RestartInMs != nil || asked.Load() <= first {
		t.Errorf("the last ends with %d: %+v", code, last)
	}
	before := asked.Load()
	in.write("termination-log", "", 0o644)
	command := in.command()
	in.must(command.Start())
	// One that comes up once more only holds its place until the pod is ended.
	within(t, 10*time.Second, func() {
		for text := []byte{}; len(text) == 0; time.Sleep(5 * time.Millisecond) {
			text, _ = os.ReadFile(filepath.Join(in.root, "termination-log"))
		}
	})
	in.must(command.Process.Signal(syscall.SIGTERM))
	within(t, 4*time.Second, func() { _ = command.Wait() })
	if command.ProcessState.ExitCode() != exitNoRestart || in.message().Reason != reasonSpent || asked.Load() != before {
		t.Errorf("held, it ends with %d: %+v, asked %d times more", command.ProcessState.ExitCode(), in.message(), asked.Load()-before)
	}
}
