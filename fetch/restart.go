// The group's restart policy for artifacts that cannot be had, as Nomad applies it: a failed download counts as a failed
// start of the task. Pure: a record and an end in, a record out. launcher/restart.go counts the task's own runs.
package main

import "slices"

const (
	modeFail = "fail"
	// Nomad adds up to a quarter of the delay, so that tasks that fail together do not start together.
	jitterShare = 0.25

	recordVersion = 1
	// Nomad shows ten events of a task, and a failed download is three of them.
	maxPastDownloads    = 4
	maxPastDownloadText = 512
	maxRestarts         = 1 << 30

	lostDownload = "the download ended without a word; it may have needed more memory than it has"
)

type restartPolicy struct {
	Attempts   int    `json:"attempts"`
	IntervalMs int64  `json:"intervalMs"`
	DelayMs    int64  `json:"delayMs"`
	Mode       string `json:"mode"`
}

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
func (r attemptsRecord) begun(policy restartPolicy, nowMs int64, jitter float64) attemptsRecord {
	if r.Version != recordVersion {
		return attemptsRecord{Version: recordVersion, IntervalStartMs: nowMs, NextStartMs: nowMs}
	}
	if r.StartedMs > 0 && !r.Spent {
		return r.failed(policy, lostDownload, nowMs, jitter)
	}
	// A clock that was set back does not put a try off for ever.
	r.NextStartMs = min(r.NextStartMs, nowMs+max(policy.IntervalMs, policy.longestDelay()))
	return r
}

func (p restartPolicy) longestDelay() int64 {
	return p.DelayMs + int64(float64(p.DelayMs)*jitterShare)
}

// failed counts as Nomad does: attempts within one interval of the first start, a new interval after that.
func (r attemptsRecord) failed(policy restartPolicy, message string, nowMs int64, jitter float64) attemptsRecord {
	past := pastDownload{StartedMs: min(r.StartedMs, nowMs), FinishedMs: nowMs, Message: cutText(message, maxPastDownloadText)}
	r.StartedMs = 0
	intervalEndMs := r.IntervalStartMs + policy.IntervalMs
	if nowMs >= intervalEndMs || r.IntervalStartMs > nowMs {
		r.IntervalStartMs, r.Attempt = nowMs, 0
		intervalEndMs = nowMs + policy.IntervalMs
	}
	past.Beyond = r.Attempt >= policy.Attempts
	if past.Beyond && policy.Mode == modeFail {
		past.Beyond, r.Spent = false, true
		return r.with(past)
	}
	delayMs := policy.DelayMs + int64(float64(policy.DelayMs)*jitterShare*jitter)
	if past.Beyond {
		delayMs = intervalEndMs - nowMs
	}
	past.RestartInMs, r.NextStartMs = &delayMs, nowMs+delayMs
	r.Attempt, r.Restarts = min(r.Attempt+1, maxRestarts), min(r.Restarts+1, maxRestarts)
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
	if r.Version != recordVersion || r.Attempt < 0 || r.Attempt > maxRestarts || r.Restarts < 0 || r.Restarts > maxRestarts {
		return false
	}
	if r.IntervalStartMs < 0 || r.NextStartMs < 0 || r.StartedMs < 0 || len(r.Failures) > maxPastDownloads {
		return false
	}
	return !slices.ContainsFunc(r.Failures, func(each pastDownload) bool { return len(each.Message) > maxPastDownloadText })
}
