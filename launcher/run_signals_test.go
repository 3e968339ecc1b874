package main

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

func TestAFloodOfSignalsHidesNeitherAnEndNorAStop(t *testing.T) {
	signals := notifyRunSignals()
	t.Cleanup(func() { signal.Reset() })
	raise := func(number syscall.Signal) {
		if err := syscall.Kill(os.Getpid(), number); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "nothing more has room", func() bool {
		raise(syscall.SIGUSR1)
		return len(signals.others) == cap(signals.others)
	})
	raise(syscall.SIGCHLD)
	raise(syscall.SIGTERM)
	eventually(t, "the end of a child and the stop are there", func() bool {
		return len(signals.children) == 1 && len(signals.stops) == 1
	})
}
