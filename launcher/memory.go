// Giving back what only the start has needed: a launcher waits for as long as its task runs, on a node that has many.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
)

// giveBackMemory frees what the heap does not use, and the pages of the program itself. Those are read again from the
// file, which all launchers of a node share, when they are needed.
func giveBackMemory() {
	debug.FreeOSMemory()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		if start, length, ok := readOnlyPart(lines.Text(), program); ok {
			// Where the kernel refuses, the pages stay.
			_, _, _ = syscall.RawSyscall(syscall.SYS_MADVISE, start, length, syscall.MADV_DONTNEED)
		}
	}
}

// readOnlyPart is a line of /proc/self/maps, if it is of the program and can never be written: such pages hold what the
// file holds, and nothing is lost with them.
func readOnlyPart(line, program string) (start, length uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 6 || fields[5] != program || fields[1] != "r-xp" && fields[1] != "r--p" {
		return 0, 0, false
	}
	var end uintptr
	if _, err := fmt.Sscanf(fields[0], "%x-%x", &start, &end); err != nil || end <= start {
		return 0, 0, false
	}
	return start, end - start, true
}
