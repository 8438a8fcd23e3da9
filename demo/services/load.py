"""Customers of the shop: steady traffic on every route. usage: load.py HOST PORT

Once a second it prints what they got, as JSON: {"ok": 61, "failed": 2, "failures": {"POST /checkout 500": 2}}.
Ends when standard input does.
"""
import json
import os
import random
import socket
import sys
import threading

TIMEOUT_SECONDS = 15
PHOTO = b"\x89photo" * 43_690  # 256 KiB


class Tally:
    def __init__(self):
        self._lock = threading.Lock()
        self._ok, self._failures = 0, {}

    def add(self, what, status):
        with self._lock:
            if 200 <= status < 300:
                self._ok += 1
            else:
                key = f"{what} {status or 'no answer'}"
                self._failures[key] = self._failures.get(key, 0) + 1

    def take(self):
        with self._lock:
            out = {"ok": self._ok, "failed": sum(self._failures.values()), "failures": self._failures}
            self._ok, self._failures = 0, {}
            return out


def status_of(address, method, path, body):
    """0 where the shop gave no answer."""
    try:
        with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(f"{method} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            head = connection.recv(65536)
            while part := connection.recv(65536):
                head = head or part
            return int(head.split()[1]) if head else 0
    except OSError:
        return 0


def order(rng):
    return json.dumps({"customer": f"c{rng.randrange(10_000)}", "product": rng.randrange(1, 21)}).encode()


# How many customers, how long each of them thinks (seconds), and what they ask for.
KINDS = [
    (12, 0.35, lambda rng: ("POST", "/checkout", order(rng))),
    (2, 0.40, lambda rng: ("POST", "/cart", order(rng))),
    (1, 0.50, lambda rng: ("GET", "/products", b"")),
    (4, 0.25, lambda rng: ("GET", f"/thumbnails/{rng.randrange(100_000)}/{rng.randrange(4096)}", b"")),
    (4, 0.30, lambda rng: ("POST", "/photos", PHOTO)),
    (2, 0.35, lambda rng: ("GET", f"/products/{rng.randrange(1, 21)}/availability", b"")),
]


def customer(address, seed, think, wish, tally, stopping):
    rng = random.Random(seed)
    stopping.wait(rng.random() * think)
    while not stopping.is_set():
        method, path, body = wish(rng)
        tally.add(f"{method} /{path.split('/')[1]}", status_of(address, method, path, body))
        stopping.wait(think * (0.5 + rng.random()))


def main():
    address = (sys.argv[1], int(sys.argv[2]))
    tally, stopping = Tally(), threading.Event()
    seed = 0
    for count, think, wish in KINDS:
        for _ in range(count):
            seed += 1
            threading.Thread(target=customer, args=(address, seed, think, wish, tally, stopping), daemon=True).start()
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while not stopping.wait(1):
        print(json.dumps(tally.take()), flush=True)


if __name__ == "__main__":
    main()
