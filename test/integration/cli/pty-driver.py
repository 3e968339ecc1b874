"""Runs one command on a terminal of its own, follows a script, and says as JSON what happened to both.

Input: {"argv", "env", "rows", "columns", "steps": [{"expect"} | {"send"} | {"signal"} | {"resize": [rows, columns]} | {"look"}]}.
Output: {"status", "output", "looks", "restored"}: `looks` are the terminal's modes at each "look" step, `restored` whether they ended as they began.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

DEADLINE_S = 20


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def modes(fd):
    settings = termios.tcgetattr(fd)
    return {
        "canonical": bool(settings[3] & termios.ICANON),
        "echo": bool(settings[3] & termios.ECHO),
        "signals": bool(settings[3] & termios.ISIG),
        "outputProcessing": bool(settings[1] & termios.OPOST),
    }


class Run:
    def __init__(self, plan):
        self.master, self.slave = pty.openpty()
        set_size(self.master, plan["rows"], plan["columns"])
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        self.searched = 0
        self.looks = []
        self.deadline = time.monotonic() + DEADLINE_S
        self.child = subprocess.Popen(
            plan["argv"], env=plan["env"], stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=self.take_terminal
        )

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def read(self):
        if time.monotonic() > self.deadline:
            self.child.kill()
            raise SystemExit(f"too late; output so far: {self.output!r}")
        if select.select([self.master], [], [], 0.05)[0]:
            self.output += os.read(self.master, 65536)
            return True
        return False

    def expect(self, text):
        wanted = text.encode()
        while wanted not in self.output[self.searched:]:
            self.read()
        self.searched = self.output.index(wanted, self.searched) + len(wanted)

    def step(self, step):
        if "expect" in step:
            self.expect(step["expect"])
        elif "send" in step:
            os.write(self.master, step["send"].encode())
        elif "signal" in step:
            self.child.send_signal(getattr(signal, step["signal"]))
        elif "resize" in step:
            set_size(self.master, *step["resize"])
        else:
            self.looks.append(modes(self.slave))

    def finish(self):
        while self.child.poll() is None:
            self.read()
        while self.read():
            pass
        return {
            "status": self.child.returncode,
            "output": self.output.decode("utf-8", "replace"),
            "looks": self.looks,
            "restored": termios.tcgetattr(self.slave) == self.before,
        }


def main():
    plan = json.load(sys.stdin)
    run = Run(plan)
    for step in plan["steps"]:
        run.step(step)
    json.dump(run.finish(), sys.stdout)


main()
