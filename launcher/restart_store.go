// Where the restart state and the termination message are kept. A task may have written there: what cannot be read
// strictly counts as nothing.
package main

import (
	"path/filepath"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

const (
	stateName     = "restart.json"
	maxStateBytes = 8 * 1024
)

// readRestartState is the fresh state when there is none, or none that this launcher could have written.
func readRestartState(directory string) restartState {
	state, ok := records.Read[restartState](filepath.Join(directory, stateName), maxStateBytes)
	if !ok || !state.isSound() {
		return restartState{}
	}
	return state
}

func writeRestartState(directory string, state restartState) error {
	return records.Replace(filepath.Join(directory, stateName), state)
}

func writeTerminationMessage(path string, message terminationMessage) error {
	message.Message = records.CutText(message.Message, records.MaxMessageText)
	return records.LeaveMessage(path, message, shorterMessage)
}

// shorterMessage does without the runs first.
func shorterMessage(message terminationMessage) (terminationMessage, bool) {
	if message.Runs != nil {
		message.Runs = nil
		return message, true
	}
	isCut := message.Message != ""
	message.Message = records.CutText(message.Message, len(message.Message)/2)
	return message, isCut
}
