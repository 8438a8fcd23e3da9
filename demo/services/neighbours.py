"""Payments and inventory, services of other teams that the shop calls. usage: neighbours.py payments|inventory

Serves on the socket LISTEN_FD and ends when standard input does. Payments takes tokens signed with SHOP_TOKEN_KEY.
"""
import base64
import hashlib
import hmac
import itertools
import json
import os
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ISSUER, AUDIENCE, KEY_IDS = "shop", "payments", {"shop-2026-01"}
charges = itertools.count(1)


def say(level, text):
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    print(f"{stamp}.{int(now % 1 * 1000):03d}Z {level} {sys.argv[1]}: {text}", flush=True)


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def fault_of(token):
    """Why the token is not taken; empty if it is."""
    try:
        body, _, signature = token.rpartition(".")
        header, claims = (json.loads(decoded(part)) for part in body.split("."))
        expected = hmac.new(os.environ["SHOP_TOKEN_KEY"].encode(), body.encode(), hashlib.sha256).digest()
        genuine = hmac.compare_digest(decoded(signature), expected)
    except ValueError:
        return "malformed token"
    if header.get("kid") not in KEY_IDS:
        return f"unknown key id '{header.get('kid')}'"
    if not genuine:
        return "bad signature"
    if claims.get("iss") != ISSUER:
        return f"invalid issuer '{claims.get('iss')}', expected '{ISSUER}'"
    if claims.get("aud") != AUDIENCE:
        return f"invalid audience '{claims.get('aud')}', expected '{AUDIENCE}'"
    if claims.get("exp", 0) < time.time():
        return "token expired"
    return ""


def charge(handler):
    order = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
    fault = fault_of((handler.headers.get("Authorization") or "").removeprefix("Bearer "))
    if fault:
        say("WARNING", f"rejected a token for order {order['order']}: {fault}")
        return 401, {"error": "unauthorized", "detail": fault}
    return 201, {"id": f"ch_{next(charges):08d}", "cents": order["cents"]}


def stock(handler):
    return 200, {"stock": sum(handler.path.encode()) % 40}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(stock)

    def do_POST(self):
        self.answer(charge)

    def answer(self, route):
        try:
            status, fields = route(self)
            body = json.dumps(fields).encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            return


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener):
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


def main():
    server = Server(socket.socket(fileno=int(os.environ["LISTEN_FD"])))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 3600}, daemon=True).start()
    say("INFO", "serving")
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
