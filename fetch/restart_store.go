// Where the record of failed downloads is kept. What cannot be read strictly counts as nothing.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	recordName     = "downloads.json"
	maxRecordBytes = 32 * 1024
)

func readAttempts(directory string) attemptsRecord {
	const flags = syscall.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	file, err := os.OpenFile(filepath.Join(directory, recordName), flags, 0)
	if err != nil {
		return attemptsRecord{}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRecordBytes+1))
	if err != nil || len(text) > maxRecordBytes {
		return attemptsRecord{}
	}
	var record attemptsRecord
	if json.Unmarshal(text, &record) != nil || !record.isSound() {
		return attemptsRecord{}
	}
	return record
}

// writeAttempts replaces the file whole: a run that is killed in between leaves the old one or the new one.
func writeAttempts(directory string, record attemptsRecord) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	next := filepath.Join(directory, recordName+".new")
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := writeNew(next, text, 0o600); err != nil {
		return fmt.Errorf("the state cannot be written: %w", err)
	}
	return os.Rename(next, filepath.Join(directory, recordName))
}
