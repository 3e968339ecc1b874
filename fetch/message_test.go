package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

func TestTheTerminationMessageFitsAndIsText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for _, text := range []string{strings.Repeat("é", 5000), strings.Repeat("\x01\"", 5000), "a<b>&"} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := writeTerminationMessage(path, terminationMessage{Version: 1, Message: text, Failures: []pastDownload{{Message: records.CutText(text, maxPastDownloadText)}, {Message: records.CutText(text, maxPastDownloadText)}}}); err != nil {
			t.Fatal(err)
		}
		written, _ := os.ReadFile(path)
		var message terminationMessage
		if err := json.Unmarshal(written, &message); err != nil || len(written) > records.MaxMessageBytes || !strings.HasPrefix(text, message.Message) || message.Message == "" {
			t.Errorf("%d bytes: %v", len(written), err)
		}
	}
}
