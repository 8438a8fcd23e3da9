"""Runs the shop: one release, and a second one while they change places."""
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from processes import Child, stamp

READY_SECONDS = 10
DRAIN_SECONDS = 10  # a slow disk may hold a request that long
STOP_SECONDS = 2  # nobody waits for an answer any more
RELEASES_KEPT = 4
WATCH_SECONDS = 0.02
BACKOFF_SECONDS, BACKOFF_MAX_SECONDS, STEADY_SECONDS = 0.2, 2, 10


class DeployError(Exception):
    pass


def byte_size(text):
    number = "".join(c for c in text if c.isdigit())
    return int(number) * {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[text[len(number):]]


class Release:
    """A commit in a folder, with what operations gives it."""

    def __init__(self, commit, folder):
        self.commit, self.folder = commit, folder
        limits = json.loads((folder / "config/service.json").read_text())
        self.memory = byte_size(limits["memory_limit"])
        self.volume = byte_size(limits["volume_size"])


class ShopHost:
    def __init__(self, folder, repository, volume, listener, key, log, announcer):
        self.folder, self.repository, self.volume = Path(folder), repository, volume
        self.listener, self.key, self.log, self.announcer = listener, key, log, announcer
        self.release = self.child = self.deployed_at = None
        self.restarts, self._stopping, self._wait = 0, threading.Event(), BACKOFF_SECONDS
        self._deploying = threading.RLock()
        threading.Thread(target=self._watch_memory, daemon=True).start()

    def deploy(self, name, back=False):
        """Runs the commit instead of what runs now and says what was done. Without `back` a commit is never exchanged
        for one that it contains."""
        with self._deploying:
            if self._stopping.is_set():
                raise DeployError("the supervisor is stopping")
            began = time.monotonic()
            commit = self.repository.commit_of(name)
            if self._runs(commit) or not back and self._contains(commit):
                self.announce()
                return f"version {self.release.commit[:12]} runs already and contains {commit[:12]}"
            try:
                release = self._check_out(commit)
                self._exchange(release)
            except (OSError, ValueError, KeyError, DeployError) as error:
                self._failed(commit, error)
                raise DeployError(f"version {commit[:12]} was not deployed: {error}") from error
            (self.folder / "deployed.new").write_text(commit)
            os.replace(self.folder / "deployed.new", self.folder / "deployed")
            self.announce()
            self._prune()
            return f"version {commit[:12]} serves after {(time.monotonic() - began) * 1000:.0f} ms"

    def _runs(self, commit):
        return self.child is not None and not self.child.gone.is_set() and self.release.commit == commit

    def _contains(self, commit):
        return (self.release is not None and self.release.commit != commit
                and self.repository.contains(self.release.commit, commit))

    def _check_out(self, commit):
        folder = self.folder / "releases" / commit[:12]
        if not folder.exists():
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            self.repository.check_out(commit, fresh)
            os.rename(fresh, folder)
        os.utime(folder)
        return Release(commit, folder)

    def _exchange(self, release):
        """The new one is made ready beside the old one; connections wait in the socket's queue while the old one
        finishes its last requests. So no request fails, and no line of the old one follows a line of the new one."""
        child = self._start(release)
        if not child.ready.wait(READY_SECONDS) or child.gone.is_set():
            child.ending = True
            child.kill()
            child.gone.wait()
            raise DeployError(f"it did not start: {child.last_line or 'no output'}")
        try:
            self.volume.resize(release.volume)
        except OSError as error:
            self.log.say("WARNING", f"the volume keeps its size: {error.strerror}")
        if self.child is not None:
            self.child.end(DRAIN_SECONDS)
        self.release, self.child, self.deployed_at = release, child, time.time()
        child.tell(b"serve\n")
        if child.gone.is_set():  # while the old one finished
            threading.Thread(target=self._ended, args=(child,), daemon=True).start()

    def _start(self, release):
        env = {"PATH": os.environ.get("PATH", os.defpath), "LISTEN_FD": str(self.listener.fileno()),
               "SHOP_TOKEN_KEY": self.key, "SHOP_DATA": str(self.folder / "data"),
               "SHOP_VOLUME": self.volume.folder, "SHOP_VERSION": release.commit, "PYTHONUNBUFFERED": "1",
               "PYTHONPYCACHEPREFIX": str(self.folder / "pycache")}
        return Child([sys.executable, "-S", "-m", "shop"], self.log, self._ended, release.folder, env, self.listener)

    def _failed(self, commit, error):
        stays = f"; version {self.release.commit[:12]} stays" if self.release else ""
        self.log.say("ERROR", f"deploy of version {commit[:12]} failed: {error}{stays}")
        self.announcer.tell(self._event(commit, "failed", time.time()))

    @staticmethod
    def _event(commit, status, at):
        return {"service": "shop", "environment": "production", "commit": commit, "status": status, "at": stamp(at)}

    def announce(self):
        with self._deploying:
            if self.release is not None:
                self.announcer.tell(self._event(self.release.commit, "success", self.deployed_at))

    def _prune(self):
        folders = sorted((self.folder / "releases").iterdir(), key=lambda folder: folder.stat().st_mtime)
        for folder in folders[:-RELEASES_KEPT]:
            if folder != self.release.folder:
                shutil.rmtree(folder, ignore_errors=True)

    def _watch_memory(self):
        while not self._stopping.wait(WATCH_SECONDS):
            child, release = self.child, self.release
            if child is None or child.gone.is_set() or child.killed_at:
                continue
            resident = child.resident()
            if resident > release.memory:
                child.killed_at = resident
                child.kill()

    def _ended(self, child):
        if child.ending or self._stopping.is_set() or child is not self.child:
            return
        if child.killed_at:
            last = f"; last warning: {child.last_warning}" if child.last_warning else ""
            self.log.say("ERROR", f"shop (pid {child.pid}) was killed at its memory limit: {child.killed_at >> 20} MiB "
                                  f"of {self.release.memory >> 20} MiB, exit status {child.exit_status()}{last}")
        else:
            self.log.say("ERROR", f"shop (pid {child.pid}) ended unexpectedly, exit status {child.exit_status()}")
        self._restart(child)

    def _restart(self, child):
        """On the thread of the child that ended. Gives up where a deploy came first."""
        steady = time.monotonic() - child.started > STEADY_SECONDS
        self._wait = BACKOFF_SECONDS if steady else min(self._wait * 2, BACKOFF_MAX_SECONDS)
        while not self._stopping.wait(self._wait):
            with self._deploying:
                if child is not self.child or self._stopping.is_set():
                    return
                try:
                    deployed_at = self.deployed_at
                    self._exchange(self.release)
                    self.deployed_at = deployed_at
                    self.restarts += 1
                    self.log.say("INFO", f"shop restarted as pid {self.child.pid}")
                    return
                except (OSError, DeployError) as error:
                    self.log.say("ERROR", f"shop cannot be restarted: {error}")
                    self._wait = min(self._wait * 2, BACKOFF_MAX_SECONDS)

    def status(self):
        child, release = self.child, self.release
        running = child is not None and not child.gone.is_set()
        return {"serving": running, "commit": release.commit if release else "", "pid": child.pid if running else 0,
                "restarts": self.restarts, "resident_mib": child.resident() >> 20 if running else 0}

    def stop(self):
        self._stopping.set()
        with self._deploying:
            if self.child is not None:
                self.child.end(STOP_SECONDS)
