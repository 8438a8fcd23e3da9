"""Starts the shop. With LISTEN_FD it serves on a socket that it was handed, once a line comes on standard input,
and ends when standard input does."""
import logging
import os
import queue
import signal
import socket
import sys
import threading
from pathlib import Path

from . import log
from .database import Database
from .neighbours import Inventory, Payments
from .server import App, Server
from .settings import SettingError, Settings
from .spool import PhotoSpool
from .thumbnails import SheetCache


def listening_socket():
    if "LISTEN_FD" in os.environ:
        return socket.socket(fileno=int(os.environ["LISTEN_FD"]))
    listener = socket.create_server(("127.0.0.1", 8080))
    return listener


def main():
    log.set_up()
    logger = logging.getLogger("shop")
    root = Path(__file__).resolve().parents[1]
    data = Path(os.environ.get("SHOP_DATA", root))
    try:
        settings = Settings(root)
    except SettingError as error:
        logger.critical("cannot start: bad configuration: %s", error)
        return 78
    key = os.environ.get("SHOP_TOKEN_KEY", "development").encode()
    database = Database(data / settings.database_file, settings)
    listener = listening_socket()
    supervised = "LISTEN_FD" in os.environ
    if supervised:
        print("READY", flush=True)
        if not sys.stdin.readline():
            return 0
    spool = PhotoSpool(Path(os.environ.get("SHOP_VOLUME", root / "volume")), settings.spool_max_files)
    server = Server(App(settings, database, Payments(settings, key), Inventory(settings),
                        SheetCache(settings.cache_max_entries), spool), listener)
    stopping = queue.SimpleQueue()  # a handler may interrupt its get(); an Event would lock up
    signal.signal(signal.SIGTERM, lambda *_: stopping.put(None))
    signal.signal(signal.SIGINT, lambda *_: stopping.put(None))
    if supervised:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    logger.info("serving version %s with %d database connections, payments at %s:%d, inventory at %s:%d",
                os.environ.get("SHOP_VERSION", "development")[:12], settings.pool_size, *settings.payments,
                *settings.inventory)
    stopping.get()
    server.shutdown()
    server.server_close()  # waits for the requests that are open
    logger.info("stopped")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # no thread of a client holds it
