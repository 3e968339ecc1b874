package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAProcessUsesWhatItsStatusLineSays(t *testing.T) {
	const line = "42 (a ) b) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 25 10 20 0 1 0 12345 1000000 77 18446744073709551615 1 1"
	spent, pages := parseProcessUsage([]byte(line))
	if spent.user != 175*nanosecondsOfTick || spent.system != 60*nanosecondsOfTick || pages != 77 {
		t.Errorf("%+v, %d pages", spent, pages)
	}
	for _, broken := range []string{"", "42 (x)", "42 (x) S 1 2"} {
		if spent, pages := parseProcessUsage([]byte(broken)); spent != (processorTime{}) || pages != 0 {
			t.Errorf("%q: %+v, %d", broken, spent, pages)
		}
	}
}

func TestUsageOfABusyProcessIsSeen(t *testing.T) {
	stop := time.Now().Add(2 * usageInterval)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for time.Now().Before(stop) {
		}
	}()
	measured := measureUsage(usageInterval)
	<-done
	if measured.UserPercent+measured.SystemPercent <= 0 || measured.RSS <= 0 || measured.Usage <= 0 {
		t.Errorf("%+v", measured)
	}
}

func TestFiguresOfACgroup(t *testing.T) {
	directory := t.TempDir()
	for name, text := range map[string]string{"memory.stat": "anon 4096\nfile 8192\nbroken\n", "memory.current": "123\n", "memory.max": "max\n"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if details := detailsIn(directory, "memory.stat"); len(details) != 2 || details["anon"] != 4096 || details["file"] != 8192 {
		t.Errorf("%v", details)
	}
	if numberIn(directory, "memory.current", 7) != 123 || numberIn(directory, "memory.max", 7) != 7 || numberIn(directory, "none", 7) != 7 {
		t.Error("a number is not read, or one is made up")
	}
}
