"""Starts this tree beside stand-ins of its neighbours, gives it the load of a busy minute in one moment and says in
TAP what holds. Ends with 0 only if all of it does. Needs no network but loopback."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PHOTO = b"\x89photo" * 43_690  # 256 KiB
SECONDS_MAX = 20

UP = "the shop is up"
POOL = "every checkout at peak gets a database connection"
TOKENS = "payments takes our tokens"
CHARGES = "payments charges every order whose token it takes"
MEMORY = "memory stays under its limit"
DISK = "photos stay inside their volume"
STOCK = "inventory answers"


def request(address, method, path, body=b""):
    with socket.create_connection(address, timeout=SECONDS_MAX) as connection:
        connection.sendall(f"{method} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return read_answer(connection)


def read_answer(connection):
    data = bytearray()
    while part := connection.recv(65536):
        data += part
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    if not head:
        return 0, {"error": "NoAnswer", "detail": "the shop closed the connection"}
    return int(head.split()[1]), json.loads(body) if body[:1] in (b"{", b"[") else {}


class Check:
    def __init__(self, address, shop, settings, volume):
        self.address, self.shop, self.settings, self.volume = address, shop, settings, volume
        self.results = {}

    def checkouts(self):
        """As many at once as at peak: all connected first, so that they come together."""
        body = json.dumps({"customer": "check", "product": 3}).encode()
        words = f"POST /checkout HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        open_ones = [socket.create_connection(self.address, timeout=SECONDS_MAX)
                     for _ in range(self.settings.peak_checkouts)]
        for connection in open_ones:
            connection.sendall(words)
        answers = [read_answer(connection) for connection in open_ones]
        faults = {}
        for status, fields in answers:
            if status != 201:
                faults.setdefault(fields.get("error", "?"), []).append(fields.get("detail", status))
        pool, token = faults.pop("PoolTimeout", []), faults.pop("TokenRejected", [])
        self.results[POOL] = pool and f"{len(pool)} of {len(answers)} failed: {pool[0]}"
        self.results[TOKENS] = token and token[0]
        self.results[CHARGES] = faults and str(faults)

    def memory(self):
        """More sheets than fit into the memory that the instance has."""
        limit, peak = self.settings.memory_limit, 0
        for sheet in range(limit // (4 << 20) + 4):
            status, _ = request(self.address, "GET", f"/thumbnails/{sheet}/5")
            resident = int(Path(f"/proc/{self.shop.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            peak = max(peak, resident)
            if status != 200 or peak > limit:
                break
        self.results[MEMORY] = (
            peak > limit and f"{peak >> 20} MiB after {sheet + 1} sheets; the limit is {limit >> 20} MiB")

    def disk(self):
        """More photos than fit on the volume."""
        limit, peak, status = self.settings.volume_size, 0, 0
        for _ in range(limit // len(PHOTO) + 4):
            status, fields = request(self.address, "POST", "/photos", PHOTO)
            peak = max(peak, sum(file.stat().st_size for file in self.volume.iterdir()))
            if status != 201 or peak > limit:
                break
        fault = peak > limit and f"{peak >> 20} MiB of photos; the volume has {limit >> 20} MiB"
        self.results[DISK] = fault or status != 201 and str(fields)

    def stock(self):
        status, fields = request(self.address, "GET", "/products/3/availability")
        self.results[STOCK] = status != 200 and fields["detail"]

    def guarded(self, probe, names):
        try:
            probe()
        except Exception as error:
            self.results.update({name: f"{type(error).__name__}: {error}" for name in names})

    def run(self):
        status, fields = request(self.address, "GET", "/health")
        self.results[UP] = status != 200 and str(fields)
        probes = ((self.checkouts, (POOL, TOKENS, CHARGES)), (self.memory, (MEMORY,)), (self.disk, (DISK,)),
                  (self.stock, (STOCK,)))
        self.results.update({name: "no answer in time" for _, names in probes for name in names})
        threads = [threading.Thread(target=self.guarded, args=probe, daemon=True) for probe in probes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS_MAX)
        return self.results


def start_shop(listener, key, folder):
    env = {**os.environ, "LISTEN_FD": str(listener.fileno()), "SHOP_TOKEN_KEY": key, "SHOP_DATA": str(folder),
           "SHOP_VOLUME": str(folder / "volume"), "PYTHONDONTWRITEBYTECODE": "1", "SHOP_VERSION": "check"}
    return subprocess.Popen([sys.executable, "-S", "-m", "shop"], cwd=ROOT, env=env, stdin=subprocess.PIPE,
                            stdout=open(folder / "shop.log", "wb"), stderr=subprocess.STDOUT,
                            pass_fds=[listener.fileno()])


def main():
    key = os.urandom(16).hex()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        address = listener.getsockname()
        shop = start_shop(listener, key, folder)
        try:
            from shop.settings import Settings
            from tests import stand_ins
            stand_ins.start(key.encode())
            shop.stdin.write(b"serve\n")
            shop.stdin.flush()
            listener.close()
            results = Check(address, shop, Settings(ROOT), folder / "volume").run()
        except Exception as error:
            print(f"Bail out! {type(error).__name__}: {error}")
            print((folder / "shop.log").read_text(), file=sys.stderr)
            return 1
        finally:
            shop.kill()
            shop.wait()
        return report(results)


def report(results):
    print(f"1..{len(results)}")
    for number, (name, fault) in enumerate(results.items(), 1):
        print(f"{'not ok' if fault else 'ok'} {number} - {name}")
        if fault:
            print(f"  # {fault}")
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
