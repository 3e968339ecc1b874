// Which artifacts of this allocation are there already, so that a restart of the init container does not fetch them again.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

const (
	markersName    = "artifacts.json"
	maxMarkerBytes = 64 * 1024
	keyLength      = 32
)

// keyOf is a hash of the block as the job has it, before its texts are interpolated. Equal blocks get keys of their own.
func keyOf(task string, block artifact, before []job) string {
	text, err := json.Marshal(struct {
		Task  string
		Block artifact
		Round int
	}{task, block, 0})
	for round := 1; err == nil; round++ {
		sum := sha256.Sum256(text)
		key := hex.EncodeToString(sum[:])[:keyLength]
		if !isTaken(key, before) {
			return key
		}
		text = append(text, fmt.Sprintf("#%d", round)...)
	}
	panic(err)
}

func isTaken(key string, jobs []job) bool {
	for _, one := range jobs {
		if one.Key == key {
			return true
		}
	}
	return false
}

type markers struct {
	lock      sync.Mutex
	directory string
	keys      map[string]bool
}

// readMarkers takes what cannot be read for nothing: then everything is fetched once more.
func readMarkers(directory string) *markers {
	found := &markers{directory: directory, keys: map[string]bool{}}
	keys, _ := records.Read[[]string](filepath.Join(directory, markersName), maxMarkerBytes)
	for _, key := range keys {
		found.keys[key] = true
	}
	return found
}

func (m *markers) has(key string) bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.keys[key]
}

func (m *markers) add(key string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.keys[key] = true
	keys := make([]string, 0, len(m.keys))
	for known := range m.keys {
		keys = append(keys, known)
	}
	return writeState(filepath.Join(m.directory, markersName), keys)
}
