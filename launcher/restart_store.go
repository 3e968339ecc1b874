// Where the restart state and the termination message are kept. A task may have written there: what cannot be read
// strictly counts as nothing.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	stateName       = "restart.json"
	maxStateBytes   = 8 * 1024
	maxMessageBytes = 4096
	maxMessageText  = 2048
)

// readRestartState is the fresh state when there is none, or none that this launcher could have written.
func readRestartState(directory string) restartState {
	const flags = syscall.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	file, err := os.OpenFile(filepath.Join(directory, stateName), flags, 0)
	if err != nil {
		return restartState{}
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return restartState{}
	}
	text, err := io.ReadAll(io.LimitReader(file, maxStateBytes+1))
	if err != nil || len(text) > maxStateBytes {
		return restartState{}
	}
	return parseRestartState(text)
}

func parseRestartState(text []byte) restartState {
	var state restartState
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&state); err != nil || !state.isSound() {
		return restartState{}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return restartState{}
	}
	return state
}

// writeRestartState replaces the file whole: a launcher that is killed in between leaves the old one or the new one.
func writeRestartState(directory string, state restartState) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	next := filepath.Join(directory, stateName+".new")
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW
	file, err := os.OpenFile(next, flags, 0o600)
	if err != nil {
		return err
	}
	_, writeErr := file.Write(text)
	if closeErr := file.Close(); writeErr == nil {
		writeErr = closeErr
	}
	if writeErr != nil {
		return fmt.Errorf("%s: %w", next, writeErr)
	}
	return os.Rename(next, filepath.Join(directory, stateName))
}

// writeTerminationMessage cuts the text so that kubelet, which keeps 4096 bytes, keeps valid JSON.
func writeTerminationMessage(path string, message terminationMessage) error {
	message.Message = cutText(message.Message, maxMessageText)
	text, err := encodeMessage(message)
	if err == nil && len(text) > maxMessageBytes {
		message.Runs = nil
		text, err = encodeMessage(message)
	}
	for err == nil && len(text) > maxMessageBytes {
		message.Message = cutText(message.Message, len(message.Message)/2)
		text, err = encodeMessage(message)
	}
	if err != nil {
		return err
	}
	return leaveText(path, text)
}

// leaveJSON is for messages that are always short enough.
func leaveJSON(path string, message any) error {
	text, err := encodeMessage(message)
	if err != nil {
		return err
	}
	return leaveText(path, text)
}

func leaveText(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func encodeMessage(message any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(message)
	return text.Bytes(), err
}
