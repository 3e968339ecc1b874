// Where the record of failed downloads is kept. What cannot be read strictly counts as nothing.
package main

import (
	"fmt"
	"path/filepath"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

const (
	recordName     = "downloads.json"
	maxRecordBytes = 32 * 1024
)

func readAttempts(directory string) attemptsRecord {
	record, ok := records.Read[attemptsRecord](filepath.Join(directory, recordName), maxRecordBytes)
	if !ok || !record.isSound() {
		return attemptsRecord{}
	}
	return record
}

func writeAttempts(directory string, record attemptsRecord) error {
	return writeState(filepath.Join(directory, recordName), record)
}

func writeState(path string, record any) error {
	if err := records.Replace(path, record); err != nil {
		return fmt.Errorf("the state cannot be written: %w", err)
	}
	return nil
}
