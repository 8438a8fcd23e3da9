"""The HTTP interface."""
import json
import logging
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .database import UnknownProduct

access = logging.getLogger("shop.access")
log = logging.getLogger("shop.http")


class BadRequest(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        started = time.monotonic()
        body = b""
        try:
            status, body = self.server.app.route(self.command, self.path, self.read_body())
        except (BadRequest, UnknownProduct) as error:
            status, body = 400, {"error": type(error).__name__, "detail": str(error)}
        except ConnectionError:
            return  # the client is gone
        except Exception as error:
            log.exception("%s failed: %s: %s", self.route_name(), type(error).__name__, error)
            status, body = 500, {"error": type(error).__name__, "detail": str(error)}
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        access.info('"%s %s" %d %dms', self.command, self.path, status, (time.monotonic() - started) * 1000)
        try:
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            return

    def route_name(self):
        return f"{self.command} {'/'.join(self.path.split('/')[:2])}"

    def read_body(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > self.server.app.settings.photo_bytes_max:
            raise BadRequest("the body is too long")
        return self.rfile.read(length)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            return


class App:
    """What the routes do."""

    def __init__(self, settings, database, payments, inventory, cache, spool):
        self.settings = settings
        self.database, self.payments, self.inventory = database, payments, inventory
        self.cache, self.spool = cache, spool
        self.carts = {}
        self._lock = threading.Lock()

    def route(self, method, path, body):
        if (method, path) == ("GET", "/health"):
            return 200, {"status": "up", "pool": self.database.pool.numbers(), "cache": self.cache.numbers(),
                         "spool": self.spool.numbers()}
        if (method, path) == ("GET", "/products"):
            return 200, self.database.products()
        if method == "GET" and (found := re.fullmatch(r"/products/(\d+)/availability", path)):
            return 200, {"stock": self.inventory.stock(int(found[1]))}
        if method == "GET" and (found := re.fullmatch(r"/thumbnails/(\d+)/(\d+)", path)):
            return 200, self.cache.thumbnail(int(found[1]), int(found[2]), self.settings.thumbnail_edge)
        if (method, path) == ("POST", "/cart"):
            return self.fill_cart(self.parsed(body))
        if (method, path) == ("POST", "/checkout"):
            return self.check_out(self.parsed(body))
        if (method, path) == ("POST", "/photos"):
            return 201, {"photo": self.spool.add(body)}
        return 404, {"error": "NotFound", "detail": f"no route {method} {path}"}

    @staticmethod
    def parsed(body):
        try:
            fields = json.loads(body)
            return str(fields["customer"]), int(fields["product"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadRequest("customer and product are needed") from error

    def fill_cart(self, wanted):
        customer, product = wanted
        with self._lock:
            while len(self.carts) > 1000:
                self.carts.pop(next(iter(self.carts)))
            cart = self.carts.setdefault(customer, [])
            cart.append(product)
            del cart[:-20]
            return 200, {"items": len(cart)}

    def check_out(self, wanted):
        customer, product = wanted
        order, cents = self.database.place_order(customer, product)
        return 201, {"order": order, "payment": self.payments.charge(order, cents)}


class Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, app, listener):
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.app = app
