"""What the measurements share: the machine, CPU time of processes, a probe of the disk, a load generator."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
TICKS = os.sysconf("SC_CLK_TCK")
PROBE_SYNCS = 500


class Failed(Exception):
    """A measurement that cannot be made; the message says what to do."""


@dataclass
class Row:
    """One figure. `met` is None where there is no target."""
    figure: str
    value: str
    command: str
    target: str = ""
    met: bool | None = None
    ratio: str = ""


def machine():
    cpu = memory = "?"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / 2**20:.0f} GiB"
    return f"{os.cpu_count()} cores, {cpu}, {memory}"


def load_1min():
    return os.getloadavg()[0]


@contextmanager
def scratch():
    """A folder on the disk of the build, which is the disk that is measured."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync_ms(folder):
    """Milliseconds of one fdatasync after an append of 300 bytes, now: (mean, median)."""
    took = []
    fd = os.open(folder / "probe", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for _ in range(PROBE_SYNCS):
        begin = time.perf_counter()
        os.write(fd, b"x" * 300)
        os.fdatasync(fd)
        took.append((time.perf_counter() - begin) * 1e3)
    os.close(fd)
    return sum(took) / len(took), sorted(took)[len(took) // 2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, seconds, message, every=0.02):
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{message} (waited {seconds} s)")
        threading.Event().wait(every)


def fetch(url, body=None, timeout=30):
    """The answer's body, or None where nobody answers or it is not a 2xx."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.read().decode()
    except OSError:
        return None


class Process:
    """A process that is measured; stopped with the block."""

    def __init__(self, words, folder, env=None, core=None):
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        # No setting of whoever measures.
        own = {name: value for name, value in os.environ.items() if not name.startswith("HEALER_")}
        self.log = folder / (Path(words[0]).name + ".log")
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen([*pinned, *map(str, words)], cwd=folder, env={**own, **(env or {})},
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def check_alive(self):
        if self.child.poll() is not None:
            raise Failed(f"{self.child.args[0]} ended with {self.child.returncode}: {self.said()[-2000:]}")
        return True

    def said(self):
        return self.log.read_text(errors="replace")

    def cpu_s(self):
        """User and system time of it and its ended children."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / TICKS

    def settle(self):
        """Waits until it does nothing: what it does in the background after a start is over."""
        used = -1
        while used != (now := self.cpu_s()):
            used = now
            threading.Event().wait(0.3)

    def peak_mb(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1000 * 1.024


@contextmanager
def healer(folder, core=None):
    """A ready `healer serve` on the data of `folder`; yields (process, base URL, seconds to /readyz)."""
    address = folder / "data/address"
    address.unlink(missing_ok=True)
    port = free_port()
    begin = time.perf_counter()
    words = [BUILD / "healer", "serve", "--data", folder / "data", "--listen", f"127.0.0.1:{port}"]
    with Process(words, folder, core=core) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: process.check_alive() and fetch(url + "/readyz"), 60, "healer is not ready", every=0.002)
        yield process, url, time.perf_counter() - begin


@dataclass
class Load:
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float


def wrk(url, connections, seconds, method="GET", body=""):
    """wrk against `url`, every answer a 2xx, else Failed."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(ROOT / "bench/load.lua"), url]
    done = subprocess.run(words, env={**os.environ, "METHOD": method, "BODY": body}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    found = [line for line in done.stdout.splitlines() if line.startswith("wrk-json ")]
    if done.returncode != 0 or not found:
        raise Failed(f"{' '.join(words)}: {done.stdout[-1000:]}")
    result = json.loads(found[0].removeprefix("wrk-json "))
    if result.pop("failed"):
        raise Failed(f"{url}: some answers were not 2xx: {done.stdout[-1000:]}")
    return Load(**result)


def need(*programs, why):
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        raise Failed(f"{' and '.join(missing)} must be installed: {why}")
