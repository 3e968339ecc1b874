// Checksums: type:hex, hex alone by its length, and files of checksums.
package main

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"path"
	"regexp"
	"strings"
)

const maxChecksumFileBytes = 1024 * 1024

// checksum is what a file must add up to.
type checksum struct {
	kind  string
	value []byte
}

var checksumSizes = map[string]int{"md5": md5.Size, "sha1": sha1.Size, "sha256": sha256.Size, "sha512": sha512.Size}

func (c checksum) hash() hash.Hash {
	switch c.kind {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return sha512.New()
}

func (c checksum) compare(sum []byte) error {
	if bytes.Equal(c.value, sum) {
		return nil
	}
	return fmt.Errorf("checksums did not match: expected %s %x, got %x", c.kind, c.value, sum)
}

// checksumFileURL is the address of a file of checksums, where the option names one.
func checksumFileURL(option string) (string, bool) { return strings.CutPrefix(option, "file:") }

func parseChecksum(option string) (checksum, error) {
	kind, value, ok := strings.Cut(strings.TrimSpace(option), ":")
	if !ok {
		return checksumByLength(kind)
	}
	return checksumOfKind(strings.ToLower(kind), value)
}

func checksumOfKind(kind, value string) (checksum, error) {
	size, known := checksumSizes[kind]
	if !known {
		return checksum{}, fmt.Errorf("unsupported checksum type: %q; use md5, sha1, sha256 or sha512", kind)
	}
	sum, err := hex.DecodeString(strings.TrimSpace(value))
	if err != nil || len(sum) != size {
		return checksum{}, fmt.Errorf("the checksum %q is not %d hexadecimal digits, as %s has", value, size*2, kind)
	}
	return checksum{kind: kind, value: sum}, nil
}

func checksumByLength(value string) (checksum, error) {
	for kind, size := range checksumSizes {
		if len(value) == size*2 {
			return checksumOfKind(kind, value)
		}
	}
	return checksum{}, fmt.Errorf("the checksum %q is neither type:value nor as long as md5, sha1, sha256 or sha512", value)
}

// bsdLine is "SHA256 (name) = hex".
var bsdLine = regexp.MustCompile(`^([A-Za-z0-9\-/]+) \((.+)\) = ([0-9a-fA-F]+)$`)

// findChecksum looks for the file's name in what md5sum and its like write, GNU or BSD. A file of a single checksum without a
// name is for whatever it lies beside.
func findChecksum(text []byte, fileName string) (checksum, error) {
	var nameless []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if match := bsdLine.FindStringSubmatch(line); match != nil {
			if path.Base(match[2]) == fileName {
				return checksumOfKind(strings.ReplaceAll(strings.ToLower(match[1]), "-", ""), match[3])
			}
			continue
		}
		value, name, hasName := strings.Cut(line, " ")
		if !hasName {
			nameless = append(nameless, value)
			continue
		}
		name = strings.TrimPrefix(strings.TrimLeft(name, " "), "*")
		if path.Base(name) == fileName {
			return checksumByLength(value)
		}
	}
	if err := lines.Err(); err != nil {
		return checksum{}, fmt.Errorf("the checksum file cannot be read: %w", err)
	}
	if len(nameless) == 1 {
		return parseChecksum(nameless[0])
	}
	if len(nameless) > 1 {
		return checksum{}, errors.New("the checksum file has several checksums without names")
	}
	return checksum{}, fmt.Errorf("the checksum file does not name %q", fileName)
}
