"""A bounded pool of database connections."""
import contextlib
import threading


class PoolTimeout(Exception):
    """No connection became free in time."""


class ConnectionPool:
    """Opens connections when they are first needed and never more than `size`. Thread-safe."""

    def __init__(self, connect, size, acquire_timeout):
        self._connect = connect
        self.size = size
        self._timeout = acquire_timeout
        self._free = []
        self._in_use = 0
        self._waiting = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def connection(self):
        connection = self._acquire()
        try:
            yield connection
        finally:
            with self._changed:
                self._free.append(connection)
                self._in_use -= 1
                self._changed.notify()

    def _acquire(self):
        with self._changed:
            self._waiting += 1
            try:
                if not self._changed.wait_for(lambda: self._in_use < self.size, self._timeout):
                    raise PoolTimeout(
                        f"connection pool exhausted: {self._in_use} of {self.size} connections in use, "
                        f"{self._waiting} checkouts waiting, none became free within {self._timeout * 1000:.0f} ms")
            finally:
                self._waiting -= 1
            self._in_use += 1
            if self._free:
                return self._free.pop()
        try:
            return self._connect()
        except BaseException:
            with self._changed:
                self._in_use -= 1
                self._changed.notify()
            raise

    def numbers(self):
        with self._changed:
            return {"size": self.size, "in_use": self._in_use, "waiting": self._waiting}
