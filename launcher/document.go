// The JSON document that configures the launcher of one task, version 1. Twin of src/contract/launcher-document.ts.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	documentVersion  = 1
	maxDocumentBytes = 200 * 1024
	podUIDEnv        = "NOMAD_BRIDGE_POD_UID"

	// exitNoRestart tells the controller that this task must not be started again.
	exitNoRestart = 213

	// Longer times than ten years are mistakes, and would overflow what is computed from them.
	maxDurationMs = 10 * 366 * 24 * 3600 * 1000
)

type restartPolicy struct {
	Attempts   int    `json:"attempts"`
	IntervalMs int64  `json:"intervalMs"`
	DelayMs    int64  `json:"delayMs"`
	Mode       string `json:"mode"`
}

type userEntry struct {
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
	Home string `json:"home"`
}

type taskDocument struct {
	Version          int                  `json:"version"`
	Task             string               `json:"task"`
	Command          string               `json:"command"`
	Args             []string             `json:"args"`
	Env              map[string]string    `json:"env"`
	User             string               `json:"user"`
	Users            map[string]userEntry `json:"users"`
	DeniedUIDs       string               `json:"deniedUids"`
	DeniedGIDs       string               `json:"deniedGids"`
	AllowRoot        bool                 `json:"allowRoot"`
	Capabilities     []string             `json:"capabilities"`
	WorkDir          string               `json:"workDir"`
	Mounts           []string             `json:"mounts"`
	KillSignal       string               `json:"killSignal"`
	KillTimeoutMs    int64                `json:"killTimeoutMs"`
	RestartOnSuccess bool                 `json:"restartOnSuccess"`
	Restart          restartPolicy        `json:"restart"`
	Hangup           string               `json:"hangup"`
}

// readDocument reads the mounted document; a link there is followed, because the downward API mounts by links.
func readDocument(path string) (taskDocument, error) {
	file, err := os.Open(path)
	if err != nil {
		return taskDocument{}, fmt.Errorf("the task document cannot be opened: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxDocumentBytes+1))
	if err != nil {
		return taskDocument{}, fmt.Errorf("the task document cannot be read: %w", err)
	}
	return parseDocument(text)
}

// parseDocument is strict: every field of version 1 must be there, spelled exactly, not null, and in its range.
func parseDocument(text []byte) (taskDocument, error) {
	if len(text) > maxDocumentBytes {
		return taskDocument{}, fmt.Errorf("the task document is longer than %d bytes", maxDocumentBytes)
	}
	if err := checkKeys(text, "", documentKeys()); err != nil {
		return taskDocument{}, err
	}
	var document taskDocument
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		return taskDocument{}, fmt.Errorf("the task document does not have the right shape: %w", err)
	}
	if err := document.check(); err != nil {
		return taskDocument{}, fmt.Errorf("the task document is not valid: %w", err)
	}
	return document, nil
}

func documentKeys() []string {
	return []string{
		"version", "task", "command", "args", "env", "user", "users", "deniedUids", "deniedGids", "allowRoot", "capabilities",
		"workDir", "mounts", "killSignal", "killTimeoutMs", "restartOnSuccess", "restart", "hangup",
	}
}

// checkKeys compares names byte by byte, which Go's own decoding does not.
func checkKeys(text []byte, where string, wanted []string) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("the task document %sis not a JSON object: %w", where, err)
	}
	for _, key := range wanted {
		value, ok := fields[key]
		if !ok || string(value) == "null" {
			return fmt.Errorf("the task document %shas no %q", where, key)
		}
		delete(fields, key)
		if err := checkInner(key, value); err != nil {
			return err
		}
	}
	for key := range fields {
		return fmt.Errorf("the task document %shas an unknown field %q", where, key)
	}
	return nil
}

// checkInner looks into the objects of a document: a user without a uid must not become root.
func checkInner(key string, value json.RawMessage) error {
	switch key {
	case "restart":
		return checkKeys(value, "under \"restart\" ", []string{"attempts", "intervalMs", "delayMs", "mode"})
	case "users":
		return checkUserKeys(value)
	}
	return nil
}

func checkUserKeys(value json.RawMessage) error {
	var users map[string]map[string]json.RawMessage
	if err := json.Unmarshal(value, &users); err != nil {
		return fmt.Errorf("the task document does not have the right shape under \"users\": %w", err)
	}
	for name, entry := range users {
		for _, key := range []string{"uid", "gid"} {
			if number, ok := entry[key]; !ok || string(number) == "null" {
				return fmt.Errorf("the user %q has no %q", name, key)
			}
		}
	}
	return nil
}

func (d taskDocument) check() error {
	return errors.Join(
		require(d.Version == documentVersion, "version is %d, this launcher speaks %d", d.Version, documentVersion),
		require(d.Command != "" && !hasNUL(d.Command), "command is %q", d.Command),
		require(d.User != "" && !strings.ContainsAny(d.User, ":\n\x00"), "user is %q", d.User),
		d.checkTexts(),
		d.checkUsers(),
		d.checkCapabilities(),
		require(isCleanAbsolute(d.WorkDir), "workDir is %q, but it must be absolute and without \"..\"", d.WorkDir),
		d.checkStop(),
		d.Restart.check(),
		require(isPolicy(d.Hangup), "hangup is %q; it must be hangup, kill or keep", d.Hangup),
	)
}

func require(holds bool, format string, values ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, values...)
}

func hasNUL(text string) bool { return strings.IndexByte(text, 0) >= 0 }

func isPolicy(name string) bool {
	return name == policyHangup || name == policyKill || name == policyKeep
}

func isCleanAbsolute(path string) bool {
	if !strings.HasPrefix(path, "/") || hasNUL(path) {
		return false
	}
	for _, part := range strings.Split(path, "/") {
		if part == ".." {
			return false
		}
	}
	return true
}

func (d taskDocument) checkTexts() error {
	if len(d.Args) > maxArgv {
		return fmt.Errorf("args has %d entries, more than %d", len(d.Args), maxArgv)
	}
	for _, argument := range d.Args {
		if hasNUL(argument) {
			return fmt.Errorf("the argument %q holds a NUL byte", argument)
		}
	}
	for name, value := range d.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || hasNUL(value) {
			return fmt.Errorf("the environment variable %q cannot be set: its name or value is not possible", name)
		}
	}
	for _, mount := range d.Mounts {
		if !isCleanAbsolute(mount) {
			return fmt.Errorf("the mount %q must be absolute and without \"..\"", mount)
		}
	}
	return nil
}

func (d taskDocument) checkUsers() error {
	for name, entry := range d.Users {
		// The highest number means "leave it" to setuid, and would silently be root.
		if entry.UID == ^uint32(0) || entry.GID == ^uint32(0) {
			return fmt.Errorf("the user %q has the id 4294967295, which is none", name)
		}
		if entry.Home != "" && !isCleanAbsolute(entry.Home) {
			return fmt.Errorf("the user %q has the home %q, which is not absolute", name, entry.Home)
		}
	}
	if _, err := parseIDRanges(d.DeniedUIDs); err != nil {
		return fmt.Errorf("deniedUids: %w", err)
	}
	if _, err := parseIDRanges(d.DeniedGIDs); err != nil {
		return fmt.Errorf("deniedGids: %w", err)
	}
	return nil
}

func (d taskDocument) checkCapabilities() error {
	_, err := capabilitySetOf(d.Capabilities)
	return err
}

func (d taskDocument) checkStop() error {
	if _, ok := signalNamed(d.KillSignal); !ok {
		return fmt.Errorf("killSignal %q is not a signal", d.KillSignal)
	}
	return checkDuration("killTimeoutMs", d.KillTimeoutMs)
}

func (p restartPolicy) check() error {
	return errors.Join(
		require(p.Attempts >= 0, "restart.attempts is %d", p.Attempts),
		require(p.Mode == modeFail || p.Mode == modeDelay, "restart.mode is %q; it must be fail or delay", p.Mode),
		checkDuration("restart.intervalMs", p.IntervalMs),
		checkDuration("restart.delayMs", p.DelayMs),
	)
}

func checkDuration(name string, ms int64) error {
	return require(ms >= 0 && ms <= maxDurationMs, "%s is %d, outside 0..%d", name, ms, int64(maxDurationMs))
}
