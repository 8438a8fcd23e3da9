"""Runs the demo: the shop, its neighbours and its customers. usage: supervisor.py FOLDER [--detach]

One per folder. Obeys lines of JSON on FOLDER/supervisor.sock, {"command": NAME, …}, with one line each: deploy
{commit, back}, scenario {name}, announce {url, token}, status, stop.
The shop's tree lies beside the folder of this file. With --detach it goes on in a session of its own, with output to
FOLDER/supervisor.out, and returns once the shop serves, or with a fault on standard error.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import queue
import secrets
import signal
import socket
import sys
import threading
from pathlib import Path

from announcer import Announcer
from processes import Child, LogFile
from repository import BRANCH, Repository, RepositoryError
from shop_host import DeployError, ShopHost
from volume import Volume

HERE = Path(__file__).resolve().parent
PORTS = {"shop": 8080, "inventory": 8081, "payments": 8082}
ADDRESSES_TRIED = 20
BIND_SECONDS = 5
LOCK_SECONDS = 5
REQUEST_BYTES_MAX = 65_536
PATIENCE_SECONDS = 60
RESTART_SECONDS = 1
FOLDER_SECONDS = 2


def addresses(folder):
    """Loopback addresses for the demo in this folder, the first choice first."""
    for attempt in range(ADDRESSES_TRIED):
        a, b, c = hashlib.sha256(f"{folder} {attempt}".encode()).digest()[:3]
        yield f"127.{64 + a % 128}.{b}.{1 + c % 254}"


def listen(address):
    listeners = {}
    try:
        for name, port in PORTS.items():
            listeners[name] = socket.create_server((address, port), backlog=256)
        return listeners
    except OSError:
        for listener in listeners.values():
            listener.close()
        raise


def listen_somewhere(folder):
    """The address is part of the shop's history, so the first choice that could be had stays."""
    chosen = folder / "address"
    if chosen.exists():
        address = chosen.read_text().strip()
        pause = threading.Event()
        for _ in range(BIND_SECONDS * 20):  # children of a supervisor that was killed may end just now
            try:
                return address, listen(address)
            except OSError as error:
                fault = error
                pause.wait(0.05)
        raise SystemExit(f"cannot listen on {address}: {fault.strerror}")
    for address in addresses(folder):
        try:
            listeners = listen(address)
        except OSError as error:
            fault = error
            continue
        (folder / "address.new").write_text(address)
        os.replace(folder / "address.new", chosen)
        return address, listeners
    raise SystemExit(f"no loopback address has ports {sorted(PORTS.values())} free: {fault.strerror}")


class Supervisor:
    def __init__(self, folder, volume):
        self.folder = folder
        self.stopping = threading.Event()
        self.finished = queue.SimpleQueue()  # a handler may interrupt its get(); an Event would lock up
        self.log = LogFile(folder / "logs/shop.log")
        (folder / "data").mkdir(exist_ok=True)
        (folder / "releases").mkdir(exist_ok=True)
        self.volume = volume
        self.address, self.listeners = listen_somewhere(folder)
        self.key = secrets.token_hex(16)
        self.repository = Repository(folder / "shop.git")
        self.repository.create(HERE.parent / "shop", self.address)
        self.scenarios = {one["name"]: one for one in json.loads((HERE / "scenarios.json").read_text())}
        self.announcer = Announcer()
        self.host = ShopHost(folder, self.repository, volume, self.listeners["shop"], self.key, self.log, self.announcer)
        self.others, self.logs = {}, {}

    def start(self):
        if self.volume.fault:
            self.log.say("INFO", f"the spool has no volume of its own: {self.volume.fault}")
        for name in ("inventory", "payments", "load"):
            self.logs[name] = LogFile(self.folder / f"neighbours/{name}.log")
            self.start_other(name)
        last = self.folder / "deployed"
        try:
            self.host.deploy(last.read_text().strip() if last.exists() else BRANCH)
        except DeployError:
            self.host.deploy(BRANCH)

    def start_other(self, name):
        if name == "load":
            argv = [sys.executable, "-S", str(HERE / "load.py"), self.address, str(PORTS["shop"])]
        else:
            argv = [sys.executable, "-S", str(HERE / "neighbours.py"), name]
        listener = self.listeners.get(name)
        env = {"PATH": os.environ.get("PATH", os.defpath), "SHOP_TOKEN_KEY": self.key, "PYTHONUNBUFFERED": "1",
               "LISTEN_FD": str(listener.fileno()) if listener else ""}

        def ended(child):
            if not child.ending and not self.stopping.wait(RESTART_SECONDS):
                self.start_other(name)
        self.others[name] = Child(argv, self.logs[name], ended, self.folder, env, listener)

    def obey(self, request):
        command = request.get("command")
        if command == "status":
            return self.status()
        if command == "deploy":
            return {"message": self.host.deploy(str(request["commit"]), bool(request.get("back")))}
        if command == "scenario":
            return self.make(self.scenarios[request["name"]])
        if command == "announce":
            self.announcer.send_to(request["url"], request.get("token", ""))
            self.host.announce()
            return {"message": "told"}
        if command == "stop":
            self.stop()
            return {"message": "stopped"}
        raise ValueError(f"unknown command {command!r}")

    def make(self, scenario):
        if scenario["name"] == "disk-full" and self.volume.fault:
            raise DeployError(f"disk-full needs a volume of fixed size, and {self.volume.fault}")
        commit = self.repository.change(scenario) or self.repository.commit_of(BRANCH)
        return {"commit": commit, "message": self.host.deploy(commit)}

    def status(self):
        try:
            customers = json.loads(self.others["load"].last_line)
        except (KeyError, ValueError):
            customers = {}
        return {"build": os.environ.get("SHOP_BUILD", ""), "address": self.address, "port": PORTS["shop"],
                "volume": self.volume.fault or "tmpfs", "customers": customers, "untold": self.announcer.waiting(),
                **self.host.status()}

    def answer(self, connection):
        with connection:
            connection.settimeout(PATIENCE_SECONDS)
            try:
                line = connection.makefile("rb").readline(REQUEST_BYTES_MAX)
                reply = {"ok": True, **self.obey(json.loads(line))}
            except (DeployError, RepositoryError, ValueError, KeyError, OSError, AttributeError) as error:
                reply = {"ok": False, "message": f"{error}" or type(error).__name__}
            try:
                connection.sendall(json.dumps(reply).encode() + b"\n")
            except OSError as error:
                print(f"the answer did not arrive: {error}", flush=True)
        if self.stopping.is_set():
            self.finished.put(None)

    def serve(self, listener):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def stop(self):
        self.stopping.set()
        (self.folder / "supervisor.sock").unlink(missing_ok=True)
        for child in self.others.values():
            child.end(1)
        self.host.stop()


def control_socket(folder):
    """Bound under another name and renamed, so that whoever finds it can connect."""
    here = os.open(folder, os.O_RDONLY)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    (folder / "supervisor.new").unlink(missing_ok=True)
    listener.bind(f"/proc/self/fd/{here}/supervisor.new")  # a socket's name is short, a folder's may be long
    listener.listen(64)
    os.replace(folder / "supervisor.new", folder / "supervisor.sock")
    os.close(here)
    return listener


def is_there(path, file):
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except OSError:
        return False


def run(folder, lock, serves):
    (folder / "supervisor.sock").unlink(missing_ok=True)
    supervisor = Supervisor(folder, Volume(folder / "volume"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.finished.put(None))
    try:
        supervisor.start()
        listener = control_socket(folder)
        threading.Thread(target=supervisor.serve, args=(listener,), daemon=True).start()
        serves()
        # Somebody who deletes the folder wants it gone.
        while is_there(folder / "supervisor.lock", lock):
            with contextlib.suppress(queue.Empty):
                supervisor.finished.get(timeout=FOLDER_SECONDS)
                break
    finally:
        supervisor.stop()


def locked(file):
    """One that was told to stop may take a moment."""
    pause = threading.Event()
    for _ in range(LOCK_SECONDS * 20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            pause.wait(0.05)
    return False


def detach(folder):
    """Returns in the process that goes on: a function that tells the first one how it went, empty for well."""
    heard, told = os.pipe()
    if os.fork():
        os.close(told)
        with open(heard, encoding="utf-8") as pipe:
            fault = pipe.readline()
        if fault != "\n":
            print(fault.strip() or "it ended at once", file=sys.stderr)
        sys.stderr.flush()
        os._exit(0 if fault == "\n" else 1)
    os.close(heard)
    os.setsid()
    nothing, out = os.open("/dev/null", os.O_RDONLY), os.open(folder / "supervisor.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, opened in enumerate((nothing, out, out)):
        os.dup2(opened, number)

    pipes = [open(told, "w", encoding="utf-8")]

    def tell(fault):
        while pipes:  # once
            with pipes.pop() as pipe:
                pipe.write(fault.replace("\n", " ") + "\n")
    return tell


def main():
    os.umask(0o077)
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tell = detach(folder) if "--detach" in sys.argv[2:] else lambda fault: print(fault, end="", flush=True)
    lock = open(folder / "supervisor.lock", "w")
    if not locked(lock):
        tell("another supervisor runs in this folder")
        return 0
    try:
        run(folder, lock, lambda: tell(""))
    except (Exception, SystemExit) as error:
        tell(f"{error}")
        raise
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads that wait for a client hold nothing
