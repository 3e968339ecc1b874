// The termination message, nearly in the launcher's shape. Twin of FetchMessage in src/contract/launcher-document.ts.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"syscall"
)

const (
	maxMessageBytes = 4096
	maxMessageText  = 2048
)

type terminationMessage struct {
	Version  int    `json:"version"`
	Reason   string `json:"reason"`
	ExitCode int    `json:"exitCode"`
	Message  string `json:"message"`
	Attempt  int    `json:"attempt"`
	// Restarts counts the tries after the first one.
	Restarts int `json:"restarts"`
	// Failures end with the one that this message is about; absent where there was no room.
	Failures []pastDownload `json:"failures,omitempty"`
}

const (
	reasonExited    = "exited"
	reasonSpent     = "attempts-spent"
	reasonCompleted = "completed"
	reasonStopped   = "stopped"
)

func messageOf(record attemptsRecord, text string) terminationMessage {
	message := terminationMessage{
		Version: 1, Reason: reasonExited, ExitCode: exitFailed, Message: text,
		Attempt: record.Attempt, Restarts: record.Restarts, Failures: record.Failures,
	}
	if record.Spent {
		message.Reason = reasonSpent
	}
	return message
}

// writeTerminationMessage cuts the text so that kubelet, which keeps 4096 bytes, keeps valid JSON.
func writeTerminationMessage(path string, message terminationMessage) error {
	message.Message = cutText(message.Message, maxMessageText)
	encoded, err := encodeMessage(message)
	for err == nil && len(encoded) > maxMessageBytes {
		if len(message.Failures) > 0 {
			message.Failures = message.Failures[1:]
		} else {
			message.Message = cutText(message.Message, len(message.Message)/2)
		}
		encoded, err = encodeMessage(message)
	}
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(encoded)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func encodeMessage(message terminationMessage) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(message)
	return text.Bytes(), err
}

// cutText cuts at a character, so that the rest is still text.
func cutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && text[cut]&0xc0 == 0x80 {
		cut--
	}
	return text[:cut]
}
