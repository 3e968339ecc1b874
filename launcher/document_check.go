// What the fields of the task document may hold.
package main

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	driverExec    = "exec"
	driverRawExec = "raw_exec"

	hookMain      = ""
	hookPrestart  = "prestart"
	hookPoststart = "poststart"
	hookPoststop  = "poststop"
)

func (d taskDocument) check() error {
	return errors.Join(
		require(d.Version == documentVersion, "version is %d, this launcher speaks %d", d.Version, documentVersion),
		require(d.Command != "" && !hasNUL(d.Command), "command is %q", d.Command),
		require(d.User != "" && !strings.ContainsAny(d.User, ":\n\x00"), "user is %q", d.User),
		d.checkTexts(),
		d.checkUsers(),
		d.checkCapabilities(),
		require(isCleanAbsolute(d.WorkDir) || mayName(d.WorkDir) && !hasNUL(d.WorkDir), "workDir is %q, but it must be absolute and without \"..\"", d.WorkDir),
		d.checkStop(),
		d.Restart.check(),
		checkPrograms(d),
		d.Fetch.check(),
		d.Lifecycle.check(),
		checkPorts(d.Ports),
	)
}

func require(holds bool, format string, values ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, values...)
}

func checkPrograms(d taskDocument) error {
	return errors.Join(
		require(d.Driver == driverExec || d.Driver == driverRawExec, "driver is %q; it must be exec or raw_exec", d.Driver),
		require(d.Logs.MaxFiles >= 1 && d.Logs.MaxFileBytes >= 1, "logs keep %d files of %d bytes", d.Logs.MaxFiles, d.Logs.MaxFileBytes),
		require(!hasNUL(d.PayloadFile), "payloadFile is %q", d.PayloadFile),
	)
}

// checkPorts keeps a label from being anything but a part of a name.
func checkPorts(ports []documentPort) error {
	for _, port := range ports {
		if port.Port == 0 || port.Label == "" || strings.ContainsAny(port.Label, "=\x00") {
			return fmt.Errorf("ports has %q at %d; it must have a label without \"=\", and a port", port.Label, port.Port)
		}
	}
	return nil
}

// check reads denyNetworks as fetch does: networks, and addresses with one port.
func (l fetchLimits) check() error {
	for _, text := range l.DenyNetworks {
		_, addressErr := netip.ParseAddr(text)
		_, networkErr := netip.ParsePrefix(text)
		_, portErr := netip.ParseAddrPort(text)
		if addressErr != nil && networkErr != nil && portErr != nil {
			return fmt.Errorf("fetch.denyNetworks has %q; it must be an address, a CIDR, or an address with a port", text)
		}
	}
	return nil
}

func (l taskLifecycle) check() error {
	switch l.Hook {
	case hookMain, hookPrestart, hookPoststart, hookPoststop:
		return nil
	}
	return fmt.Errorf("lifecycle.hook is %q; it must be empty, prestart, poststart or poststop", l.Hook)
}

func hasNUL(text string) bool { return strings.IndexByte(text, 0) >= 0 }

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

// mayName says whether a text may name variables: then what comes of it is checked once it is known.
func mayName(text string) bool { return strings.ContainsAny(text, "$%") }

func (d taskDocument) checkTexts() error {
	if len(d.Args) > maxArgv {
		return fmt.Errorf("args has %d entries, more than %d", len(d.Args), maxArgv)
	}
	for _, argument := range d.Args {
		if hasNUL(argument) {
			return fmt.Errorf("the argument %q holds a NUL byte", argument)
		}
	}
	for name, value := range d.allEnv() {
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

// allEnv is both sets of variables as they are before interpolation; the task's own win.
func (d taskDocument) allEnv() map[string]string {
	all := maps.Clone(d.Env)
	maps.Copy(all, d.TaskEnv)
	return all
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
	if _, err := users.ParseIDRanges(d.DeniedUIDs); err != nil {
		return fmt.Errorf("deniedUids: %w", err)
	}
	if _, err := users.ParseIDRanges(d.DeniedGIDs); err != nil {
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
	return errors.Join(checkDuration("killTimeoutMs", d.KillTimeoutMs), checkDuration("shutdownDelayMs", d.ShutdownDelayMs))
}

func (p documentRestart) check() error {
	return errors.Join(
		require(p.Attempts >= 0, "restart.attempts is %d", p.Attempts),
		require(p.Mode == restarts.ModeFail || p.Mode == restarts.ModeDelay, "restart.mode is %q; it must be fail or delay", p.Mode),
		checkDuration("restart.intervalMs", p.IntervalMs),
		checkDuration("restart.delayMs", p.DelayMs),
	)
}

func checkDuration(name string, ms int64) error {
	return require(ms >= 0 && ms <= maxDurationMs, "%s is %d, outside 0..%d", name, ms, int64(maxDurationMs))
}
