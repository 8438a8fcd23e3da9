"""What the end-to-end tests share: a real healer process, its HTTP interface, real git repositories."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HEALER_BINARY", str(ROOT / "build/release/healer"))

passed = failed = 0


class Failed(Exception):
    pass


class Skipped(Exception):
    """This machine cannot show it: neither passed nor failed."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def equal(got, expected, message):
    if got != expected:
        raise Failed(f"{message}: expected {expected!r}, got {got!r}")


def case(function):
    """Runs one named test case and counts it."""
    global passed, failed
    started = time.monotonic()
    try:
        function()
        passed += 1
        print(f"ok   {function.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    except Skipped as why:
        print(f"SKIPPED {function.__name__}: {why}", flush=True)
    except Exception as error:  # a crash of the case is its failure
        failed += 1
        print(f"FAIL {function.__name__}: {type(error).__name__}: {error}", flush=True)
    return function


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def wait_for(what, seconds, message, every=0.05):
    """Polls `what` until it is true and returns it."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{message} (waited {seconds} s)")
        threading.Event().wait(every)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def git(*words, cwd=None):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
           "GIT_AUTHOR_NAME": "Dev", "GIT_AUTHOR_EMAIL": "dev@example.com", "GIT_COMMITTER_NAME": "Dev",
           "GIT_COMMITTER_EMAIL": "dev@example.com"}
    done = subprocess.run(["git", *words], cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed(f"git {' '.join(words)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def make_repository(folder, files, message="first"):
    """A work tree with one commit of `files` (path -> text)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git("init", "-q", "-b", "main", ".", cwd=folder)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", message, cwd=folder)
    return folder


class Healer:
    """A running `healer serve` in a folder of its own; stopped with the block."""

    def __init__(self, config="", arguments=(), folder=None, env=None):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="healer-e2e-"))
        self.owns_folder = folder is None
        self.data = self.folder / "data"
        self.config = self.folder / "healer.yaml"
        self.config.write_text(config)
        self.arguments = list(arguments)
        self.env = {**os.environ, "NO_COLOR": "1", **(env or {})}
        self.log = self.folder / "healer.log"
        self.process = None
        self.address = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, wait=True):
        log = open(self.log, "ab")
        (self.data / "address").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [BINARY, "serve", "--config", str(self.config), "--data", str(self.data), "--listen", "127.0.0.1:0", *self.arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        log.close()
        if wait:
            wait_for(self.ready, 30, "healer does not answer /readyz")

    def ready(self):
        check(self.process.poll() is None, f"healer ended with {self.process.returncode}: {self.tail_log()}")
        try:
            self.address = (self.data / "address").read_text().strip()
            return self.address and self.get("/readyz").status == 200
        except (OSError, urllib.error.URLError):
            return False

    def wait_alive(self, seconds):
        """Lets it run for that long; it must not end by itself."""
        end = time.monotonic() + seconds
        wait_for(lambda: self.process.poll() is not None or time.monotonic() > end, seconds + 5, "time stands still", every=0.01)
        check(self.process.poll() is None, f"healer ended with {self.process.returncode}: {self.tail_log()}")

    def tail_log(self):
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=60):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise Failed("healer did not stop on SIGTERM: " + self.tail_log()) from None
        return self.process.returncode if self.process else None

    def request(self, method, path, body=None, headers=None, timeout=30):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        elif isinstance(body, str):
            body = body.encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=b"", **more):
        return self.request("POST", path, body=body, **more)

    def incidents(self, query=""):
        return self.get("/api/incidents" + query).json()["incidents"]

    def rss_mb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text()).group(1)) // 1024

    def grew_less_than(self, mib, before):
        """By its resident memory; a sanitizer's build holds HEALER_MEMORY_SCALE times as much."""
        after = self.rss_mb()
        print(f"     {before} MiB before, {after} after", flush=True)
        check(after < before + mib * int(os.environ.get("HEALER_MEMORY_SCALE", "1")), f"{before} MiB before, {after} after")


def run(*words, stdin=None, cwd=None, timeout=120, env=None):
    """Runs the healer command; returns (exit code, stdout, stderr)."""
    done = subprocess.run([BINARY, *words], input=stdin, cwd=cwd, timeout=timeout, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "NO_COLOR": "1", **(env or {})},
                          **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


@contextlib.contextmanager
def scratch():
    folder = Path(tempfile.mkdtemp(prefix="healer-e2e-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
