// `launcher probe`: says which paths its node has, and what system the node is, in its termination message.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

const (
	probeVersion      = 1
	maxProbePaths     = 1024
	maxProbePath      = 4096
	maxProbeBytes     = 256 * 1024
	maxOSReleaseBytes = 64 * 1024
	maxOSText         = 64
	probeRoot         = "/host"
	probeRequestName  = "probe.json"
)

// What is at a path: one letter each, because a termination message has 4096 bytes.
const (
	kindDirectory = 'd'
	kindRegular   = 'f'
	kindAbsent    = '-'
	kindOther     = 'x'
)

// probeRequest is mounted from an annotation.
type probeRequest struct {
	Version int      `json:"version"`
	Paths   []string `json:"paths"`
}

type probeOS struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// probeReport has one letter of Kinds for each path asked for, in their order.
type probeReport struct {
	Version int     `json:"version"`
	Kinds   string  `json:"kinds"`
	OS      probeOS `json:"os"`
}

func probeCommand(places layout) int {
	report, err := probeNode(places.bridgeFile(probeRequestName), probeRoot)
	if err == nil {
		err = records.LeaveShortMessage(places.terminationLog, report)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "launcher probe: %v\n", err)
		return 1
	}
	return 0
}

// probeNode takes root for the node's "/".
func probeNode(requestPath, root string) (probeReport, error) {
	file, err := os.Open(requestPath)
	if err != nil {
		return probeReport{}, fmt.Errorf("the list of paths cannot be opened: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxProbeBytes+1))
	if err != nil {
		return probeReport{}, fmt.Errorf("the list of paths cannot be read: %w", err)
	}
	request, err := parseProbeRequest(text)
	if err != nil {
		return probeReport{}, err
	}
	if about, err := os.Stat(root); err != nil || !about.IsDir() {
		return probeReport{}, fmt.Errorf("the node's root is not mounted at %s", root)
	}
	kinds := make([]byte, len(request.Paths))
	for i, path := range request.Paths {
		kinds[i] = kindAt(root, path)
	}
	return probeReport{Version: probeVersion, Kinds: string(kinds), OS: osBelow(root)}, nil
}

func parseProbeRequest(text []byte) (probeRequest, error) {
	if len(text) > maxProbeBytes {
		return probeRequest{}, fmt.Errorf("the list of paths is longer than %d bytes", maxProbeBytes)
	}
	request, err := decodeStrictly[probeRequest](text)
	if err != nil {
		return probeRequest{}, fmt.Errorf("the list of paths %w", err)
	}
	return request, request.check()
}

func (r probeRequest) check() error {
	if r.Version != probeVersion {
		return fmt.Errorf("the list of paths has version %d, this launcher speaks %d", r.Version, probeVersion)
	}
	if len(r.Paths) > maxProbePaths {
		return fmt.Errorf("the list of paths has %d entries, more than %d", len(r.Paths), maxProbePaths)
	}
	for _, path := range r.Paths {
		if !isCleanAbsolute(path) || len(path) > maxProbePath {
			return fmt.Errorf("the path %q must be absolute, without \"..\" and at most %d bytes", path, maxProbePath)
		}
	}
	return nil
}

// kindAt follows links, but only inside root. What is there and cannot be looked at is "other": nobody should mount it.
func kindAt(root, path string) byte {
	fd, err := openInRoot(root, path, 0)
	switch err {
	case nil:
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG:
		return kindAbsent
	default:
		return kindOther
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		return kindOther
	}
	switch about.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		return kindDirectory
	case syscall.S_IFREG:
		return kindRegular
	}
	return kindOther
}

// osBelow leaves empty what the node does not say.
func osBelow(root string) probeOS {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, err := readInRoot(root, path, maxOSReleaseBytes)
		if err == nil {
			return parseOSRelease(string(text))
		}
	}
	return probeOS{}
}

// readInRoot reads a regular file, at most limit bytes of it, as if root were "/".
func readInRoot(root, path string, limit int64) ([]byte, error) {
	fd, err := openInRoot(root, path, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		return nil, err
	}
	if about.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(descriptorPath(fd))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit))
}

// parseOSRelease takes ID and VERSION_ID; of two lines with one name the last counts, as in a shell.
func parseOSRelease(text string) probeOS {
	var system probeOS
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "ID":
			system.Name = plainOSText(value)
		case "VERSION_ID":
			system.Version = plainOSText(value)
		}
	}
	return system
}

// plainOSText is empty for a value that has other characters than such values may have.
func plainOSText(value string) string {
	for _, quote := range []string{`"`, `'`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			value = value[1 : len(value)-1]
		}
	}
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~+"
	if len(value) > maxOSText || strings.Trim(value, allowed) != "" {
		return ""
	}
	return value
}
