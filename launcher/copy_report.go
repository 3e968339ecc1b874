// What a copy has done: counted by several workers, shown while it runs, and left as the termination message.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

// copyReport is the termination message of `launcher copy`. Bytes are those of files that were copied, not of links.
type copyReport struct {
	Version     int     `json:"version"`
	Already     bool    `json:"already"`
	Seconds     float64 `json:"seconds"`
	Files       int64   `json:"files"`
	Directories int64   `json:"directories"`
	Symlinks    int64   `json:"symlinks"`
	HardLinks   int64   `json:"hardLinks"`
	Bytes       int64   `json:"bytes"`
	// Kept were there before: of an earlier copy that was interrupted.
	Kept int64 `json:"kept"`
	// Setuid counts the files that keep a set-user-ID or set-group-ID bit.
	Setuid  int64       `json:"setuid"`
	Skipped copySkipped `json:"skipped"`
	Error   string      `json:"error,omitempty"`
}

// copySkipped counts what the copy lacks.
type copySkipped struct {
	Devices int64 `json:"devices"`
	Sockets int64 `json:"sockets"`
	Fifos   int64 `json:"fifos"`
	// Kernel counts directories of proc and sysfs.
	Kernel int64 `json:"kernel"`
	// Vanished counts what was removed from the node meanwhile.
	Vanished int64 `json:"vanished"`
	// FileCapabilities counts files that are copied without the capabilities that they have on the node.
	FileCapabilities int64 `json:"fileCapabilities"`
}

func newCopyReport() copyReport { return copyReport{Version: copyVersion} }

func leaveCopyReport(path string, report copyReport) error {
	report.Error = records.CutText(report.Error, records.MaxMessageText)
	return records.LeaveMessage(path, report, shorterReport)
}

// shorterReport cuts the error, which may name a file whose name is all escapes.
func shorterReport(report copyReport) (copyReport, bool) {
	isCut := report.Error != ""
	report.Error = records.CutText(report.Error, len(report.Error)/2)
	return report, isCut
}

type copyCounts struct {
	files, directories, symlinks, hardLinks, bytes, kept, setuid       atomic.Int64
	devices, sockets, fifos, kernel, vanished, withoutFileCapabilities atomic.Int64
}

func (c *copyCounts) report(took time.Duration) copyReport {
	return copyReport{
		Version: copyVersion, Seconds: float64(took.Milliseconds()) / 1000,
		Files: c.files.Load(), Directories: c.directories.Load(), Symlinks: c.symlinks.Load(),
		HardLinks: c.hardLinks.Load(), Bytes: c.bytes.Load(), Kept: c.kept.Load(), Setuid: c.setuid.Load(),
		Skipped: copySkipped{
			Devices: c.devices.Load(), Sockets: c.sockets.Load(), Fifos: c.fifos.Load(), Kernel: c.kernel.Load(),
			Vanished: c.vanished.Load(), FileCapabilities: c.withoutFileCapabilities.Load(),
		},
	}
}

// showProgress writes a line every few seconds, until the function that it returns is called.
func (c *treeCopier) showProgress() (stop func()) {
	ended := make(chan struct{})
	go func() {
		ticker := time.NewTicker(copyProgressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintln(os.Stderr, progressText(c.counts.files.Load(), c.counts.bytes.Load()))
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		fmt.Fprintln(os.Stderr, progressText(c.counts.files.Load(), c.counts.bytes.Load()))
	}
}

func progressText(files, bytes int64) string {
	return fmt.Sprintf("copied %s files, %s", withCommas(files), bytesText(bytes))
}

func withCommas(number int64) string {
	digits := strconv.FormatInt(number, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bytesText uses powers of 1000.
func bytesText(bytes int64) string {
	switch {
	case bytes >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
	case bytes >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
	return withCommas(bytes) + " bytes"
}
