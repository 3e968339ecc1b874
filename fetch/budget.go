// What one artifact may cost: bytes, files, growth, and time. Every byte that is written is counted here first.
package main

import (
	"context"
	"fmt"
	"io"
	"math"
)

// streamSlack is what a tar may hold beside the contents of its files, for each of them.
const streamSlack = 4096

type budget struct {
	ctx      context.Context
	maxBytes int64
	maxFiles int64
	maxRatio int64
	// archiveBytes is the size of the archive that is being unpacked; 0 for a repository or a folder.
	archiveBytes int64
	bytes        int64
	files        int64
}

func newBudget(ctx context.Context, limits fetchLimits, archiveBytes int64) *budget {
	return &budget{ctx: ctx, maxBytes: limits.MaxBytes, maxFiles: limits.MaxFiles, maxRatio: limits.MaxRatio, archiveBytes: archiveBytes}
}

// entry counts one file, directory or link.
func (b *budget) entry() error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.files++; b.files > b.maxFiles {
		return fmt.Errorf("it holds more than %d files, the most that the profile allows", b.maxFiles)
	}
	return nil
}

// spend counts bytes that are about to be written. What an archive says of itself goes through here too, so that a lie costs
// nothing.
func (b *budget) spend(count int64) error {
	if err := b.fits(count); err != nil {
		return err
	}
	b.bytes += count
	return nil
}

func (b *budget) fits(count int64) error {
	if count < 0 || count > b.maxBytes-b.bytes {
		return fmt.Errorf("it unpacks to more than %d bytes, the most that the profile allows", b.maxBytes)
	}
	if b.archiveBytes > 0 && b.bytes+count > b.ratioLimit() {
		return fmt.Errorf("it unpacks to more than %d times its size, the most that the profile allows", b.maxRatio)
	}
	return nil
}

func (b *budget) ratioLimit() int64 {
	if b.archiveBytes > math.MaxInt64/b.maxRatio {
		return math.MaxInt64
	}
	return b.archiveBytes * b.maxRatio
}

// copy writes all of from, counted.
func (b *budget) copy(to io.Writer, from io.Reader) (int64, error) {
	buffer := make([]byte, 128*1024)
	total := int64(0)
	for {
		if err := b.ctx.Err(); err != nil {
			return total, err
		}
		count, readErr := from.Read(buffer)
		if count > 0 {
			if err := b.spend(int64(count)); err != nil {
				return total, err
			}
			if _, err := to.Write(buffer[:count]); err != nil {
				return total, err
			}
			total += int64(count)
		}
		if readErr == io.EOF {
			return total, nil
		}
		if readErr != nil {
			return total, readErr
		}
	}
}

// stream bounds a decompressed tar as a whole: headers without files cost time, too.
func (b *budget) stream(from io.Reader) io.Reader {
	limit := min(b.maxBytes, b.ratioLimit())
	slack := min(b.maxFiles, math.MaxInt32)*streamSlack + 1024*1024
	if limit < math.MaxInt64-slack {
		limit += slack
	}
	return &boundedReader{ctx: b.ctx, from: from, left: limit}
}

type boundedReader struct {
	ctx  context.Context
	from io.Reader
	left int64
}

func (r *boundedReader) Read(buffer []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	count, err := r.from.Read(buffer)
	if r.left -= int64(count); r.left < 0 {
		return 0, fmt.Errorf("it unpacks to more than the profile allows")
	}
	return count, err
}
