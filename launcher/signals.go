// Signal names as Nomad and kill(1) write them, and the exit codes a shell makes of them.
package main

import (
	"strings"
	"syscall"
)

// signalNumbers is a function and not a variable so that no start-up pays for it.
func signalNumbers() map[string]syscall.Signal {
	return map[string]syscall.Signal{
		"SIGABRT": syscall.SIGABRT, "SIGALRM": syscall.SIGALRM, "SIGBUS": syscall.SIGBUS, "SIGCHLD": syscall.SIGCHLD,
		"SIGCONT": syscall.SIGCONT, "SIGFPE": syscall.SIGFPE, "SIGHUP": syscall.SIGHUP, "SIGILL": syscall.SIGILL,
		"SIGINT": syscall.SIGINT, "SIGIO": syscall.SIGIO, "SIGKILL": syscall.SIGKILL, "SIGPIPE": syscall.SIGPIPE,
		"SIGPROF": syscall.SIGPROF, "SIGPWR": syscall.SIGPWR, "SIGQUIT": syscall.SIGQUIT, "SIGSEGV": syscall.SIGSEGV,
		"SIGSTOP": syscall.SIGSTOP, "SIGSYS": syscall.SIGSYS, "SIGTERM": syscall.SIGTERM, "SIGTRAP": syscall.SIGTRAP,
		"SIGTSTP": syscall.SIGTSTP, "SIGTTIN": syscall.SIGTTIN, "SIGTTOU": syscall.SIGTTOU, "SIGURG": syscall.SIGURG,
		"SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "SIGVTALRM": syscall.SIGVTALRM,
		"SIGWINCH": syscall.SIGWINCH, "SIGXCPU": syscall.SIGXCPU, "SIGXFSZ": syscall.SIGXFSZ,
	}
}

// signalNamed accepts "SIGINT", "INT" and either in lower case.
func signalNamed(name string) (syscall.Signal, bool) {
	upper := strings.ToUpper(name)
	if !strings.HasPrefix(upper, "SIG") {
		upper = "SIG" + upper
	}
	number, ok := signalNumbers()[upper]
	return number, ok
}

// signalName is empty for a signal that has no name here, such as a real-time one.
func signalName(number syscall.Signal) string {
	for name, candidate := range signalNumbers() {
		if candidate == number {
			return name
		}
	}
	return ""
}

// exitOf is the exit code as a shell reports it, 128 + n for signal n, and the signal's name where one ended the process.
func exitOf(status syscall.WaitStatus) (code int, signal string) {
	if status.Signaled() {
		return 128 + int(status.Signal()), signalName(status.Signal())
	}
	return status.ExitStatus(), ""
}
