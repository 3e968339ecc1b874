// What becomes of a session's processes when its client goes before they end.
package main

import (
	"os"
	"syscall"
	"time"
)

const killAfterTerm = 2 * time.Second

// applyPolicy returns when the launcher may end. A nil `ended` means that the leader has ended before.
func (s *execSession) applyPolicy(
	policy string, started execProcess, pumps []*outputPump, ended <-chan syscall.WaitStatus,
) {
	if s.revoked.Load() {
		policy = policyKill
	}
	mine := func(all []process) []process { return descendantsOf(os.Getpid(), all) }
	switch policy {
	case policyKeep:
		s.keep(started, pumps, ended)
	case policyKill:
		stopPumps(pumps, pumpDiscarding)
		signalOnce(mine, syscall.SIGHUP, syscall.SIGCONT, syscall.SIGTERM)
		killAfter(killAfterTerm)
	default:
		stopPumps(pumps, pumpStopped)
		signalOnce(mine, syscall.SIGHUP, syscall.SIGCONT)
	}
}

func stopPumps(pumps []*outputPump, mode pumpMode) {
	for _, pump := range pumps {
		pump.setMode(mode)
	}
}

// keep reads on until the leader ends, so that it never waits for a reader that is gone.
func (s *execSession) keep(started execProcess, pumps []*outputPump, ended <-chan syscall.WaitStatus) {
	stopPumps(pumps, pumpDiscarding)
	if started.terminal == nil {
		_ = started.stdin.Close() // the client may have closed it before
	}
	if ended != nil {
		<-ended
	}
}

// killAfter waits for the session's processes to end by themselves, and kills those that have not.
func killAfter(grace time.Duration) {
	deadline := time.Now().Add(grace)
	for time.Now().Before(deadline) {
		processes, err := listProcesses()
		if err == nil && len(descendantsOf(os.Getpid(), processes)) == 0 {
			return
		}
		time.Sleep(betweenKills)
	}
	killDescendants(os.Getpid(), func() {}) // the session's own reaper runs beside
}
