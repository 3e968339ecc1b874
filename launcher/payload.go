// The dispatch payload: what a dispatched job was given, as a file of the task.
package main

import (
	"fmt"
	"os"

	"github.com/nomad-bridge/nomad-bridge/launcher/paths"
	"github.com/nomad-bridge/nomad-bridge/launcher/template"
)

// payloadMode is what a task sees on an agent: 0777 less the agent's umask.
const payloadMode = 0o755

// writePayload copies the payload below /local, before anything else of the task is made. Without a payload file it does
// nothing.
func writePayload(places layout, document taskDocument) error {
	if document.PayloadFile == "" {
		return nil
	}
	if paths.Climbs(document.PayloadFile, 0) {
		return fmt.Errorf("the dispatch payload file %q is not below local/; name a file there", document.PayloadFile)
	}
	place, err := template.FindPlace("dispatch payload file", document.Task, "local/"+document.PayloadFile)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(places.payload)
	if err != nil {
		return fmt.Errorf("the dispatch payload cannot be read; dispatch the job again with a payload: %w", err)
	}
	if err := writeTaskFile(places.root, place, taskFile{content: content, mode: payloadMode}); err != nil {
		return fmt.Errorf("the dispatch payload cannot be written to %s: %w", place, err)
	}
	return nil
}
