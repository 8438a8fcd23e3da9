"""Child processes of the supervisor and their logs. A child ends when its standard input does, so none outlives us."""
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

LOG_BYTES_MAX = 8 << 20
LINE_BYTES_MAX = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"


class LogFile:
    """Whole lines, appended; at LOG_BYTES_MAX it becomes NAME.1 and begins anew. Thread-safe."""

    def __init__(self, path):
        self._path, self._lock = Path(path), threading.Lock()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._path, "ab", buffering=0)

    def write(self, lines):
        with self._lock:
            try:
                if self._file.tell() + len(lines) > LOG_BYTES_MAX:
                    os.replace(self._path, f"{self._path}.1")
                    self._file.close()
                    self._file = open(self._path, "ab", buffering=0)
                self._file.write(lines)
            except OSError:  # the disk is full: the shop matters more than its log
                return

    def say(self, level, text):
        self.write(f"{stamp(time.time())} {level} supervisor: {text}\n".encode())


class Child:
    """A running process. `ended(child)` is called once, from a thread of its own, when its output is complete."""

    def __init__(self, argv, log, ended, cwd, env, listener):
        self.ready, self.gone, self.ending = threading.Event(), threading.Event(), False
        self.killed_at = 0  # resident bytes that it was killed for
        self.last_warning, self.last_line = "", ""
        self._log, self._ended = log, ended
        fds = [listener.fileno()] if listener else []
        self.process = subprocess.Popen(argv, cwd=cwd, env=env, pass_fds=fds, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pid, self.started = self.process.pid, time.monotonic()
        threading.Thread(target=self._pump, daemon=True).start()

    def _pump(self):
        rest = b""
        while part := os.read(self.process.stdout.fileno(), 65536):
            whole, newline, rest = (rest + part).rpartition(b"\n")
            if whole or newline:
                self._take(whole + newline)
            if len(rest) > LINE_BYTES_MAX:
                self._take(rest + b"\n")
                rest = b""
        if rest:
            self._take(rest + b"\n")
        self.process.wait()
        self.process.stdout.close()
        self.gone.set()
        self.ready.set()
        self._ended(self)

    def _take(self, lines):
        if not self.ready.is_set() and b"READY\n" in lines:
            lines = lines.replace(b"READY\n", b"", 1)
            self.ready.set()
        if not lines:
            return
        self._log.write(lines)
        self.last_line = lines.rstrip(b"\n").rsplit(b"\n", 1)[-1].decode(errors="replace")
        if b" WARNING shop.cache: " in lines:
            self.last_warning = lines.rpartition(b" WARNING shop.cache: ")[2].partition(b"\n")[0].decode(errors="replace")

    def tell(self, line):
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except OSError:
            return  # it is gone; `ended` says so

    def resident(self):
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * PAGE
        except (OSError, IndexError):
            return 0

    def end(self, seconds):
        """Asks it to end, then makes it. Returns when it is gone."""
        self.ending = True
        self._signal(signal.SIGTERM)
        if not self.gone.wait(seconds):
            self.kill()
            self.gone.wait()

    def kill(self):
        self._signal(signal.SIGKILL)

    def _signal(self, number):
        try:
            self.process.send_signal(number)
        except ProcessLookupError:
            return

    def exit_status(self):
        code = self.process.returncode
        return 128 - code if code < 0 else code
