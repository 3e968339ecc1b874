// What fetch reads of the launcher's document, version 1; the launcher checks the rest. Twin of src/contract/launcher-document.ts.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	documentVersion  = 1
	maxDocumentBytes = 200 * 1024

	modeAny  = "any"
	modeFile = "file"
	modeDir  = "dir"
)

// userEntry has pointers: an entry without a uid must not become root.
type userEntry struct {
	UID  *uint32 `json:"uid"`
	GID  *uint32 `json:"gid"`
	Home string  `json:"home"`
}

type artifact struct {
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

func (l fetchLimits) timeout() time.Duration { return time.Duration(l.TimeoutMs) * time.Millisecond }

type taskDocument struct {
	Version    int                  `json:"version"`
	Task       string               `json:"task"`
	Env        map[string]string    `json:"env"`
	TaskEnv    map[string]string    `json:"taskEnv"`
	NodeValues bool                 `json:"nodeValues"`
	User       string               `json:"user"`
	Users      map[string]userEntry `json:"users"`
	DeniedUIDs string               `json:"deniedUids"`
	DeniedGIDs string               `json:"deniedGids"`
	AllowRoot  bool                 `json:"allowRoot"`
	Artifacts  []artifact           `json:"artifacts"`
	Fetch      fetchLimits          `json:"fetch"`
	Restart    restarts.Policy      `json:"restart"`
}

// readDocument follows a link there, because the downward API mounts by links.
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

func parseDocument(text []byte) (taskDocument, error) {
	if len(text) > maxDocumentBytes {
		return taskDocument{}, fmt.Errorf("the task document is longer than %d bytes", maxDocumentBytes)
	}
	var document taskDocument
	if err := json.Unmarshal(text, &document); err != nil {
		return taskDocument{}, fmt.Errorf("the task document does not have the right shape: %w", err)
	}
	if err := document.check(); err != nil {
		return taskDocument{}, fmt.Errorf("the task document is not valid: %w", err)
	}
	return document, nil
}

func (d taskDocument) check() error {
	problems := []error{
		require(d.Version == documentVersion, "version is %d, this program speaks %d", d.Version, documentVersion),
		require(d.User != "", "it has no user"),
		require(d.Fetch.MaxBytes > 0 && d.Fetch.MaxFiles > 0 && d.Fetch.MaxRatio > 0 && d.Fetch.TimeoutMs > 0,
			"each limit of fetch must be above 0: %+v", d.Fetch),
	}
	for name, entry := range d.Users {
		known := entry.UID != nil && entry.GID != nil && *entry.UID != ^uint32(0) && *entry.GID != ^uint32(0)
		problems = append(problems, require(known, "the user %q has no uid and gid", name))
	}
	_, allowErr := parseNetworks(d.Fetch.AllowNetworks)
	_, denyErr := parseDenied(d.Fetch.DenyNetworks)
	_, uidErr := users.ParseIDRanges(d.DeniedUIDs)
	_, gidErr := users.ParseIDRanges(d.DeniedGIDs)
	problems = append(problems, allowErr, denyErr, uidErr, gidErr)
	for index, entry := range d.Artifacts {
		if err := entry.check(); err != nil {
			problems = append(problems, fmt.Errorf("artifacts[%d]: %w", index, err))
		}
	}
	return errors.Join(problems...)
}

func (a artifact) check() error {
	mode := a.Mode == modeAny || a.Mode == modeFile || a.Mode == modeDir
	name := a.Credentials != ".." && a.Credentials != "." && !strings.ContainsAny(a.Credentials, "/\x00")
	return errors.Join(
		require(a.Source != "", "it has no source"),
		require(mode, "mode is %q; it must be any, file or dir", a.Mode),
		require(name, "credentials is %q, which is not the name of a Secret", a.Credentials),
	)
}

func require(holds bool, format string, values ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, values...)
}

// parseNetworks reads CIDRs and single addresses. IPv4 written as IPv6 becomes IPv4, as addresses do before they are compared.
func parseNetworks(texts []string) ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		network, err := parseNetwork(text)
		if err != nil {
			return nil, err
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not a network such as 10.0.0.0/8", text)
	}
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		return netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96).Masked(), nil
	}
	return network.Masked(), nil
}

// userRules is for a document that was checked: every entry has its ids.
func (d taskDocument) userRules() users.Rules {
	table := make(map[string]users.TableEntry, len(d.Users))
	for name, entry := range d.Users {
		table[name] = users.TableEntry{UID: *entry.UID, GID: *entry.GID, Home: entry.Home}
	}
	return users.Rules{User: d.User, Table: table, DeniedUIDs: d.DeniedUIDs, DeniedGIDs: d.DeniedGIDs, AllowRoot: d.AllowRoot}
}
