// The group's restart policy for artifacts that cannot be had, as Nomad applies it: a failed download counts as a failed
// start of the task. Pure: a record and an end in, a record out. launcher/restart.go counts the task's own runs.
package main

import (
	"slices"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

const (
	recordVersion = 1
	// Nomad shows ten events of a task, and a failed download is three of them.
	maxPastDownloads    = 4
	maxPastDownloadText = 512

	lostDownload = "the download ended without a word; it may have needed more memory than it has"
)

// attemptsRecord is kept from one run of the container to the next. Times are Unix ms.
type attemptsRecord struct {
	Version int `json:"version"`
	// IntervalStartMs is when the first start of the present interval was.
	IntervalStartMs int64 `json:"intervalStartMs"`
	// Attempt counts the restarts of the present interval, Restarts all there ever were.
	Attempt  int `json:"attempt"`
	Restarts int `json:"restarts"`
	// NextStartMs is when the next try may begin.
	NextStartMs int64 `json:"nextStartMs"`
	// StartedMs is when the try began that is under way; 0: none is.
	StartedMs int64 `json:"startedMs"`
	// Spent: there is no further try.
	Spent bool `json:"spent"`
	// Failures are the last ones, oldest first.
	Failures []pastDownload `json:"failures"`
}

// pastDownload is one try that failed. Twin of PastDownload in src/contract/launcher-document.ts.
type pastDownload struct {
	StartedMs  int64  `json:"startedMs"`
	FinishedMs int64  `json:"finishedMs"`
	Message    string `json:"message"`
	// RestartInMs is how the next try is put off; absent where there is none.
	RestartInMs *int64 `json:"restartInMs,omitempty"`
	// Beyond: the attempts of the interval were used up, and the rest of it is waited for.
	Beyond bool `json:"beyond,omitempty"`
}

// begun is the record when the container has come up; a try that left no word of its end has failed.
func (r attemptsRecord) begun(policy restarts.Policy, nowMs int64, jitter float64) attemptsRecord {
	if r.Version != recordVersion {
		return attemptsRecord{Version: recordVersion, IntervalStartMs: nowMs, NextStartMs: nowMs}
	}
	if r.StartedMs > 0 && !r.Spent {
		return r.failed(policy, lostDownload, nowMs, jitter)
	}
	r.NextStartMs = policy.WithinReach(r.NextStartMs, nowMs)
	return r
}

// failed is the record after a try that has ended without the artifacts.
func (r attemptsRecord) failed(policy restarts.Policy, message string, nowMs int64, jitter float64) attemptsRecord {
	past := pastDownload{StartedMs: min(r.StartedMs, nowMs), FinishedMs: nowMs, Message: records.CutText(message, maxPastDownloadText)}
	next := policy.AfterEnd(restarts.Count{IntervalStartMs: r.IntervalStartMs, Attempt: r.Attempt}, nowMs, jitter)
	r.StartedMs, r.IntervalStartMs, r.Attempt, r.Spent = 0, next.IntervalStartMs, next.Attempt, next.Spent
	if r.Spent {
		return r.with(past)
	}
	past.RestartInMs, past.Beyond = &next.DelayMs, next.Beyond
	r.NextStartMs, r.Restarts = nowMs+next.DelayMs, restarts.OneMore(r.Restarts)
	return r.with(past)
}

// with has a new list: the record before keeps its own.
func (r attemptsRecord) with(past pastDownload) attemptsRecord {
	all := append(slices.Clone(r.Failures), past)
	r.Failures = all[max(0, len(all)-maxPastDownloads):]
	return r
}

// lastMessage is empty where nothing has failed.
func (r attemptsRecord) lastMessage() string {
	if len(r.Failures) == 0 {
		return ""
	}
	return r.Failures[len(r.Failures)-1].Message
}

// isSound says whether a stored record is one that this program could have written.
func (r attemptsRecord) isSound() bool {
	if r.Version != recordVersion || r.Attempt < 0 || r.Attempt > restarts.MostCounted || r.Restarts < 0 || r.Restarts > restarts.MostCounted {
		return false
	}
	if r.IntervalStartMs < 0 || r.NextStartMs < 0 || r.StartedMs < 0 || len(r.Failures) > maxPastDownloads {
		return false
	}
	return !slices.ContainsFunc(r.Failures, func(each pastDownload) bool { return len(each.Message) > maxPastDownloadText })
}
