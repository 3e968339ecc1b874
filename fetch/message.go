// The termination message, nearly in the launcher's shape. Twin of FetchMessage in src/contract/launcher-document.ts.
package main

import "github.com/nomad-bridge/nomad-bridge/launcher/records"

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

func writeTerminationMessage(path string, message terminationMessage) error {
	message.Message = records.CutText(message.Message, records.MaxMessageText)
	return records.LeaveMessage(path, message, shorterMessage)
}

// shorterMessage does without the oldest failures first.
func shorterMessage(message terminationMessage) (terminationMessage, bool) {
	if len(message.Failures) > 0 {
		message.Failures = message.Failures[1:]
		return message, true
	}
	isCut := message.Message != ""
	message.Message = records.CutText(message.Message, len(message.Message)/2)
	return message, isCut
}
