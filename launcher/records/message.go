// What a container leaves behind for the cluster: one JSON document, where the kubelet looks for its termination message.
package records

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
)

const (
	// MaxMessageBytes is what the kubelet keeps. Of a longer message it would keep a beginning that is no JSON.
	MaxMessageBytes = 4096
	// MaxMessageText is what a text within a message may have, so that there is room for the rest.
	MaxMessageText = 2048
)

// LeaveMessage asks shorten for less until the message fits. It is an error when shorten has nothing more to leave out.
func LeaveMessage[T any](path string, message T, shorten func(T) (shorter T, ok bool)) error {
	text, err := encode(message)
	for err == nil && len(text) > MaxMessageBytes {
		var ok bool
		if message, ok = shorten(message); !ok {
			return fmt.Errorf("%s: the message is longer than %d bytes", path, MaxMessageBytes)
		}
		text, err = encode(message)
	}
	if err != nil {
		return err
	}
	// The kubelet has made the file.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return writeAndClose(file, text)
}

// LeaveShortMessage is for messages that always fit.
func LeaveShortMessage[T any](path string, message T) error {
	return LeaveMessage(path, message, func(same T) (T, bool) { return same, false })
}

func encode(message any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(message)
	return text.Bytes(), err
}

// CutText cuts at a character, so that the rest is still text. limit is in bytes.
func CutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && text[cut]&0xc0 == 0x80 {
		cut--
	}
	return text[:cut]
}
