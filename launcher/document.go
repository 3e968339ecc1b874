// The JSON document that configures the launcher of one task, version 1. Twin of src/contract/launcher-document.ts.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
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

// documentRestart has one field more than what the tasks' restarts are counted by.
type documentRestart struct {
	Attempts        int    `json:"attempts"`
	IntervalMs      int64  `json:"intervalMs"`
	DelayMs         int64  `json:"delayMs"`
	Mode            string `json:"mode"`
	RenderTemplates bool   `json:"renderTemplates"`
}

func (r documentRestart) policy() restarts.Policy {
	return restarts.Policy{Attempts: r.Attempts, IntervalMs: r.IntervalMs, DelayMs: r.DelayMs, Mode: r.Mode}
}

type userEntry struct {
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
	Home string `json:"home,omitempty"`
}

// documentArtifact is fetched by the program fetch; the launcher only checks its shape.
type documentArtifact struct {
	Source      string            `json:"source"`
	Destination string            `json:"destination"`
	Mode        string            `json:"mode"`
	Options     map[string]string `json:"options"`
	Headers     map[string]string `json:"headers"`
	Insecure    bool              `json:"insecure"`
	Credentials string            `json:"credentials"`
	Executable  bool              `json:"executable"`
}

type fetchLimits struct {
	MaxBytes      int64    `json:"maxBytes"`
	MaxFiles      int64    `json:"maxFiles"`
	MaxRatio      int64    `json:"maxRatio"`
	TimeoutMs     int64    `json:"timeoutMs"`
	AllowNetworks []string `json:"allowNetworks"`
	DenyNetworks  []string `json:"denyNetworks"`
}

// documentTemplate has exactly one of Data and Source.
type documentTemplate struct {
	Data           string `json:"data"`
	Source         string `json:"source"`
	Destination    string `json:"destination"`
	ChangeMode     string `json:"changeMode"`
	ChangeSignal   string `json:"changeSignal"`
	Once           bool   `json:"once"`
	SplayMs        int64  `json:"splayMs"`
	Perms          string `json:"perms"`
	UID            uint32 `json:"uid"`
	GID            uint32 `json:"gid"`
	LeftDelimiter  string `json:"leftDelimiter"`
	RightDelimiter string `json:"rightDelimiter"`
	Env            bool   `json:"env"`
	ErrMissingKey  bool   `json:"errMissingKey"`
}

type logsPolicy struct {
	MaxFiles     int   `json:"maxFiles"`
	MaxFileBytes int64 `json:"maxFileBytes"`
	Disabled     bool  `json:"disabled"`
}

// taskLifecycle is the task's place in its group. Mains is empty where the group has no other task.
type taskLifecycle struct {
	Hook       string   `json:"hook"`
	Sidecar    bool     `json:"sidecar"`
	Leader     bool     `json:"leader"`
	Mains      []string `json:"mains"`
	LeaderTask string   `json:"leaderTask"`
}

// documentPort is one labelled port. HostPort is 0 where the node does not pass it on. Isolated: the pod has a network of its own.
type documentPort struct {
	Label    string `json:"label"`
	Port     uint16 `json:"port"`
	HostPort uint16 `json:"hostPort"`
	Isolated bool   `json:"isolated"`
}

type taskDocument struct {
	Version          int                  `json:"version"`
	Task             string               `json:"task"`
	Driver           string               `json:"driver"`
	Command          string               `json:"command"`
	Args             []string             `json:"args"`
	WorkDir          string               `json:"workDir"`
	Env              map[string]string    `json:"env"`
	TaskEnv          map[string]string    `json:"taskEnv"`
	NodeValues       bool                 `json:"nodeValues"`
	BareVariables    bool                 `json:"bareVariables"`
	Unescaped        bool                 `json:"unescaped,omitempty"`
	Ports            []documentPort       `json:"ports,omitempty"`
	User             string               `json:"user"`
	Users            map[string]userEntry `json:"users"`
	DeniedUIDs       string               `json:"deniedUids"`
	DeniedGIDs       string               `json:"deniedGids"`
	AllowRoot        bool                 `json:"allowRoot"`
	Capabilities     []string             `json:"capabilities"`
	Mounts           []string             `json:"mounts"`
	Artifacts        []documentArtifact   `json:"artifacts"`
	Fetch            fetchLimits          `json:"fetch"`
	Templates        []documentTemplate   `json:"templates"`
	PayloadFile      string               `json:"payloadFile"`
	Logs             logsPolicy           `json:"logs"`
	KillSignal       string               `json:"killSignal"`
	KillTimeoutMs    int64                `json:"killTimeoutMs"`
	ShutdownDelayMs  int64                `json:"shutdownDelayMs"`
	RestartOnSuccess bool                 `json:"restartOnSuccess"`
	Restart          documentRestart      `json:"restart"`
	Lifecycle        taskLifecycle        `json:"lifecycle"`
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
	document, err := decodeStrictly[taskDocument](text)
	if err != nil {
		return taskDocument{}, fmt.Errorf("the task document %w", err)
	}
	if err := document.check(); err != nil {
		return taskDocument{}, fmt.Errorf("the task document is not valid: %w", err)
	}
	return document, nil
}
