// Package records keeps small JSON documents in files that a task may have tampered with. launcher and fetch keep there
// what the next run of a container must know of the last.
package records

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"syscall"
)

// Read is false where there is no file, or none that a program of ours could have written: a link, no regular file, more
// than maxBytes, or what Parse does not take. Whether the values make sense is for the caller to say.
func Read[T any](path string, maxBytes int64) (record T, ok bool) {
	var none T
	const flags = syscall.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	file, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return none, false
	}
	defer file.Close()
	if about, err := file.Stat(); err != nil || !about.Mode().IsRegular() {
		return none, false
	}
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil || int64(len(text)) > maxBytes {
		return none, false
	}
	return Parse[T](text)
}

// Parse is false for anything but one T: a field that T does not have, or text behind it.
func Parse[T any](text []byte) (record T, ok bool) {
	var none T
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&record); err != nil {
		return none, false
	}
	if _, err := decoder.Token(); err != io.EOF {
		return none, false
	}
	return record, true
}

// Replace writes a file for root alone, whole: whoever reads, also after a crash, finds the old record or the new one.
// It follows no link, and there may be one writer at a time.
func Replace(path string, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	next := path + ".new"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if err := writeAndClose(file, text); err != nil {
		return err
	}
	return os.Rename(next, path)
}

func writeAndClose(file *os.File, text []byte) error {
	_, err := file.Write(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}
