// The termination message, in the launcher's shape. Twin of TerminationMessage in src/contract/launcher-document.ts.
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
}

// writeTerminationMessage cuts the text so that kubelet, which keeps 4096 bytes, keeps valid JSON.
func writeTerminationMessage(path, text string) error {
	message := terminationMessage{Version: 1, Reason: "exited", ExitCode: exitFailed, Message: cutText(text, maxMessageText)}
	encoded, err := encodeMessage(message)
	for err == nil && len(encoded) > maxMessageBytes {
		message.Message = cutText(message.Message, len(message.Message)/2)
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
