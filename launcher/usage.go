// What the processes of this container use: read off its own cgroup, as the kernel counts it, and its processes where there is
// no cgroup to be seen.
package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	usageInterval = 200 * time.Millisecond
	// clockTicks is what Linux counts processor time in for programs, on every architecture that we build for.
	clockTicks        = 100
	nanosecondsOfTick = int64(time.Second) / clockTicks
)

// taskUsage is of one task. Sizes are bytes, times nanoseconds since the container's start; percent is of one processor over the
// last interval.
type taskUsage struct {
	RSS           int64   `json:"rss"`
	Cache         int64   `json:"cache"`
	Swap          int64   `json:"swap"`
	Usage         int64   `json:"usage"`
	MaxUsage      int64   `json:"maxUsage"`
	UserPercent   float64 `json:"userPercent"`
	SystemPercent float64 `json:"systemPercent"`
	Timestamp     int64   `json:"timestamp"`
}

// processorTime is in nanoseconds.
type processorTime struct{ user, system int64 }

// measureUsage takes as long as the interval.
func measureUsage(interval time.Duration) taskUsage {
	group, _ := os.ReadFile("/proc/self/cgroup")
	began := time.Now()
	before, _ := sumProcesses(group)
	exactBefore, _ := timeOfGroup()
	time.Sleep(interval)
	after, resident := sumProcesses(group)
	if exactAfter, ok := timeOfGroup(); ok {
		before, after = exactBefore, exactAfter
	}
	elapsed := float64(time.Since(began))
	measured := taskUsage{RSS: resident, Usage: resident, Timestamp: time.Now().UnixNano()}
	measured.UserPercent = float64(max(0, after.user-before.user)) / elapsed * 100
	measured.SystemPercent = float64(max(0, after.system-before.system)) / elapsed * 100
	addMemoryOfGroup(&measured)
	return measured
}

// sumProcesses adds up the processes of this container: those of the same cgroup, as the node's own can be seen as well.
func sumProcesses(group []byte) (processorTime, int64) {
	var total processorTime
	var resident int64
	processes, err := listProcesses()
	if err != nil {
		return total, 0
	}
	for _, each := range processes {
		directory := filepath.Join("/proc", strconv.Itoa(each.pid))
		if own, err := readShort(filepath.Join(directory, "cgroup")); err != nil || !bytes.Equal(own, group) {
			continue
		}
		if text, err := readShort(filepath.Join(directory, "stat")); err == nil {
			spent, pages := parseProcessUsage(text)
			total.user += spent.user
			total.system += spent.system
			resident += pages * int64(os.Getpagesize())
		}
	}
	return total, resident
}

// parseProcessUsage counts children that were waited for, too: else the time of a process is lost with its end.
func parseProcessUsage(text []byte) (spent processorTime, pages int64) {
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 22 {
		return spent, 0
	}
	number := func(index int) int64 {
		value, _ := strconv.ParseInt(fields[index], 10, 64)
		return value
	}
	spent.user = (number(11) + number(13)) * nanosecondsOfTick
	spent.system = (number(12) + number(14)) * nanosecondsOfTick
	return spent, number(21)
}

// timeOfGroup is exact, and has the processes that have ended; only the unified hierarchy keeps it beside the memory's.
func timeOfGroup() (processorTime, bool) {
	counter := findOOMCounter()
	if !strings.HasSuffix(string(counter), "memory.events") {
		return processorTime{}, false
	}
	details := detailsIn(filepath.Dir(string(counter)), "cpu.stat")
	user, ok := details["user_usec"]
	return processorTime{user: user * int64(time.Microsecond), system: details["system_usec"] * int64(time.Microsecond)}, ok
}

// addMemoryOfGroup says more, and more exactly, where the container's memory cgroup is to be seen.
func addMemoryOfGroup(measured *taskUsage) {
	counter := findOOMCounter()
	if counter == "" {
		return
	}
	directory := filepath.Dir(string(counter))
	if strings.HasSuffix(string(counter), "memory.events") {
		measured.Usage = numberIn(directory, "memory.current", measured.Usage)
		measured.MaxUsage = numberIn(directory, "memory.peak", 0)
		measured.Swap = numberIn(directory, "memory.swap.current", 0)
		details := detailsIn(directory, "memory.stat")
		measured.RSS, measured.Cache = orElse(details["anon"], measured.RSS), details["file"]
		return
	}
	measured.Usage = numberIn(directory, "memory.usage_in_bytes", measured.Usage)
	measured.MaxUsage = numberIn(directory, "memory.max_usage_in_bytes", 0)
	details := detailsIn(directory, "memory.stat")
	measured.RSS, measured.Cache, measured.Swap = orElse(details["total_rss"], measured.RSS), details["total_cache"], details["total_swap"]
}

func orElse(value, other int64) int64 {
	if value == 0 {
		return other
	}
	return value
}

func numberIn(directory, name string, otherwise int64) int64 {
	text, err := readShort(filepath.Join(directory, name))
	if err != nil {
		return otherwise
	}
	value, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return otherwise
	}
	return value
}

func detailsIn(directory, name string) map[string]int64 {
	details := map[string]int64{}
	text, err := readShort(filepath.Join(directory, name))
	if err != nil {
		return details
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			details[name], _ = strconv.ParseInt(value, 10, 64)
		}
	}
	return details
}
