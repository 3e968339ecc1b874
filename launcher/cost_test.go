package main

import (
	"errors"
	"os"
	"os/exec"
	"sort"
	"testing"
	"time"
)

// The two benchmarks print what the launcher adds to the time of the same program started directly, as the median of
// pairs. The test binary stands for the launcher, and is larger: the real one adds less.

func BenchmarkRunAdds(b *testing.B) {
	document := validDocument()
	document.Command, document.Args, document.RestartOnSuccess = "/bin/true", []string{}, false
	reportAdded(b, func() time.Duration { return timeOf(b, launcherFor(b, document, "run")) })
}

func BenchmarkExecAdds(b *testing.B) {
	start := encodeJSON(frameStart, startMessage{Argv: []string{"/bin/true"}, Rows: 24, Cols: 80, Policy: policyHangup})
	reportAdded(b, func() time.Duration {
		return timeToExitFrame(b, launcherFor(b, validDocument(), "exec", "--session", testSession), start)
	})
}

func launcherFor(b *testing.B, document taskDocument, arguments ...string) *exec.Cmd {
	directory := b.TempDir()
	for name, content := range map[string][]byte{"task.json": documentText(b, document), "termination-log": nil} {
		if err := os.WriteFile(directory+"/"+name, content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Mkdir(directory+"/state", 0o700); err != nil {
		b.Fatal(err)
	}
	command := exec.Command("/proc/self/exe", arguments...)
	command.Env = []string{placesVariable + "=" + directory, podUIDEnv + "=" + testPodUID}
	return command
}

func reportAdded(b *testing.B, launched func() time.Duration) {
	var added []time.Duration
	for b.Loop() {
		added = append(added, launched()-timeOf(b, exec.Command("/bin/true")))
	}
	sort.Slice(added, func(i, j int) bool { return added[i] < added[j] })
	b.ReportMetric(float64(added[len(added)/2].Microseconds())/1000, "added-ms")
}

func timeOf(b *testing.B, command *exec.Cmd) time.Duration {
	started := time.Now()
	if err := command.Run(); err != nil {
		b.Fatalf("%v: %v", command.Args, err)
	}
	return time.Since(started)
}

// timeToExitFrame keeps the input open until then: its end would be a client that hangs up.
func timeToExitFrame(b *testing.B, command *exec.Cmd, start []byte) time.Duration {
	input, inputErr := command.StdinPipe()
	output, outputErr := command.StdoutPipe()
	if err := errors.Join(inputErr, outputErr); err != nil {
		b.Fatal(err)
	}
	started := time.Now()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := input.Write(start); err != nil {
		b.Fatal(err)
	}
	reader := newFrameReader(output)
	for {
		received, err := reader.next()
		if err != nil {
			b.Fatal(err)
		}
		if received.kind == frameExit {
			break
		}
	}
	took := time.Since(started)
	_ = input.Close()
	_ = command.Wait()
	return took
}
