package nomadapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/rand"
	"strconv"
	"strings"
	"testing"
)

const mebibyte = 1 << 20

// TestExecVolume moves far more than any buffer on the way holds.
func TestExecVolume(t *testing.T) {
	to := theTarget(t)
	t.Run("64 MiB of output arrive whole and in order", func(t *testing.T) {
		got := digest{hash: sha256.New()}
		end := to.exec(t, session{command: shell("seq 1 20000000 | head -c 67108864"), stdout: &got})
		wantEnding(t, end, ending{})
		want := digest{hash: sha256.New()}
		io.Copy(&want, io.LimitReader(&counting{}, 64*mebibyte))
		wantDigest(t, got, want)
	})
	t.Run("32 MiB on stdout and stderr at once stay apart and whole", func(t *testing.T) {
		stdout, stderr := digest{hash: sha256.New()}, digest{hash: sha256.New()}
		script := "seq 1 9000000 | head -c 16777216 & seq 1 9000000 | head -c 16777216 >&2; wait; exit 6"
		end := to.exec(t, session{command: shell(script), stdout: &stdout, stderr: &stderr})
		wantEnding(t, end, ending{code: 6})
		want := digest{hash: sha256.New()}
		io.Copy(&want, io.LimitReader(&counting{}, 16*mebibyte))
		wantDigest(t, stdout, want)
		wantDigest(t, stderr, want)
	})
	t.Run("16 MiB go through cat and come back", func(t *testing.T) {
		sent, got := digest{hash: sha256.New()}, digest{hash: sha256.New()}
		random := io.LimitReader(rand.New(rand.NewSource(7)), 16*mebibyte)
		end := to.exec(t, session{command: []string{"cat"}, stdin: io.TeeReader(random, &sent), stdout: &got})
		wantEnding(t, end, ending{})
		wantDigest(t, got, sent)
	})
	t.Run("16 MiB of stdin that nobody reads hold nothing up", func(t *testing.T) {
		zeros := io.LimitReader(rand.New(rand.NewSource(8)), 16*mebibyte)
		end := to.exec(t, session{command: shell("sleep 3; echo still here; exit 7"), stdin: zeros})
		wantEnding(t, end, ending{stdout: "still here\n", code: 7})
	})
	t.Run("stdin without an end does not keep a session alive", func(t *testing.T) {
		endless := rand.New(rand.NewSource(9))
		end := to.exec(t, session{command: shell("head -c 5 >/dev/null; exit 8"), stdin: endless})
		wantEnding(t, end, ending{code: 8})
	})
}

func TestExecExitCodes(t *testing.T) {
	to := theTarget(t)
	for _, code := range []int{0, 1, 2, 42, 126, 127, 128, 129, 200, 254, 255} {
		t.Run(fmt.Sprintf("exit %d is %d", code, code), func(t *testing.T) {
			end := to.exec(t, session{command: shell(fmt.Sprintf("exit %d", code))})
			wantEnding(t, end, ending{code: code})
		})
	}
	for _, signal := range []struct {
		name   string
		number int
	}{{"HUP", 1}, {"INT", 2}, {"KILL", 9}, {"USR1", 10}, {"PIPE", 13}, {"TERM", 15}} {
		t.Run(fmt.Sprintf("a process ended by SIG%s is 128 + %d", signal.name, signal.number), func(t *testing.T) {
			end := to.exec(t, session{command: shell("kill -" + signal.name + " $$")})
			wantEnding(t, end, ending{code: 128 + signal.number})
		})
	}
}

// TestExecArguments passes what a shell between here and the process would have changed.
func TestExecArguments(t *testing.T) {
	to := theTarget(t)
	odd := []string{"", " ", "a b", `"quoted"`, `\back\slash`, "$HOME", "${NOMAD_TASK_NAME}", "$(id)", "ünï✓", "-n", "--", "line\nbreak", strings.Repeat("x", 8192)}
	t.Run("arguments reach the process as they are", func(t *testing.T) {
		end := to.exec(t, session{command: shell(`for a; do printf '%s\0' "$a"; done`, append([]string{"sh"}, odd...)...)})
		wantEnding(t, end, ending{stdout: strings.Join(odd, "\x00") + "\x00"})
	})
	t.Run("the process sees the task's environment", func(t *testing.T) {
		end := to.exec(t, session{command: shell(`echo "$NOMAD_TASK_NAME $NOMAD_ALLOC_ID $NOMAD_JOB_ID"`)})
		wantEnding(t, end, ending{stdout: fmt.Sprintf("%s %s %s\n", to.task, to.alloc.ID, to.alloc.JobID)})
	})
}

// digest keeps a checksum of what was written, and how much that was.
type digest struct {
	hash  hash.Hash
	bytes int64
}

func (d *digest) Write(data []byte) (int, error) {
	d.bytes += int64(len(data))
	return d.hash.Write(data)
}

func wantDigest(t *testing.T, got, want digest) {
	t.Helper()
	gotSum, wantSum := hex.EncodeToString(got.hash.Sum(nil)), hex.EncodeToString(want.hash.Sum(nil))
	if got.bytes != want.bytes || gotSum != wantSum {
		t.Fatalf("got %d bytes with SHA-256 %s, want %d with %s", got.bytes, gotSum, want.bytes, wantSum)
	}
}

// counting prints 1, 2, 3 and so on, a number a line, as seq does.
type counting struct {
	last    int64
	pending []byte
}

func (c *counting) Read(into []byte) (int, error) {
	for len(c.pending) < len(into) {
		c.last++
		c.pending = append(strconv.AppendInt(c.pending, c.last, 10), '\n')
	}
	n := copy(into, c.pending)
	c.pending = append(c.pending[:0], c.pending[n:]...)
	return n, nil
}
