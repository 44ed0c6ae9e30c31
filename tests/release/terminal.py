#!/usr/bin/env python3
"""A program on a terminal of its own, typed to as a person would who waits for each prompt.

usage: terminal.py COMMAND [ARGUMENT...] <LINES     types each line when there is a prompt (`3> `, ` --> `) and prints what is shown
up to the next one, then the status with which the command ended. A line `^X` is that control key alone, without Enter.
"""
import os, pty, re, select, signal, sys, time

PROMPT = r"(\d+> | --> )$"
PATIENCE = int(os.environ.get("CASE_SECONDS", 20))  # seconds for an answer


class Terminal:
    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        self.text = ""

    def until(self, pattern, seconds=PATIENCE):
        """Reads until the pattern is found in what came since the last keys; False if that takes too long or the program ended."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            ready = select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]
            try:
                more = os.read(self.fd, 65536).decode("utf-8", "replace") if ready else ""
            except OSError:
                more = ""
            if not more:
                return False
            self.text += re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", more)
        return True

    def settle(self, seconds=PATIENCE):
        """Until there is a prompt and nothing comes after it for a moment."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.until(PROMPT, end - time.monotonic())
            if not self.until("never", 0.3) and found and re.search(PROMPT, self.text):
                return True
            if not found:
                break
        return False

    def type(self, keys):
        self.text = ""
        os.write(self.fd, keys.encode())

    def shown(self):
        """The lines that came since the last keys, but for these themselves and the prompt."""
        return [l for l in self.text.replace("\r", "").split("\n")[1:-1] if l.strip()]

    def ask(self, expression, pattern=None):
        """What is shown up to the next prompt, or up to the pattern."""
        self.type(expression + "\r")
        found = self.until(pattern) if pattern else self.settle()
        return " ".join(self.shown()) if found else "no prompt after: " + repr(self.text)

    def ended(self, seconds=PATIENCE / 2):
        """The program's status, once it has ended; it is killed if it does not."""
        end = time.monotonic() + seconds
        while True:
            self.until("never", 0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                os.close(self.fd)
                return "does not end"
            time.sleep(0.05)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def main():
    t = Terminal(*sys.argv[1:])
    if not t.settle():
        print("no prompt:", repr(t.text))
    for line in sys.stdin.read().splitlines():
        if re.fullmatch(r"\^[A-Z\\]", line):
            t.type(chr(ord(line[1]) & 0x1F))
        else:
            t.type(line + "\r")
        settled = t.settle(6)
        for l in t.shown() if settled else t.text.replace("\r", "").split("\n"):
            if l.strip():
                print("  " + l.rstrip())
    print("status", t.ended(15))


if __name__ == "__main__":
    main()
