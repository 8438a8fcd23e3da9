"""Orders and the catalogue, in SQLite."""
import sqlite3
import time

from .pool import ConnectionPool

PRODUCTS = [(number, f"{colour} {thing}", 500 + 37 * number) for number, (colour, thing) in enumerate(
    ((colour, thing) for thing in ("mug", "lamp", "chair", "kettle", "blanket")
     for colour in ("red", "blue", "green", "white")), 1)]


class UnknownProduct(Exception):
    pass


class Database:
    """The distance to the database is part of every statement: it runs in another zone."""

    def __init__(self, path, settings):
        self._path = path
        self._round_trip = settings.round_trip
        with self._connect() as connection:
            connection.executescript(
                "CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT, cents INTEGER);"
                "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT, cents INTEGER, state TEXT);")
            connection.executemany("INSERT OR REPLACE INTO products VALUES (?, ?, ?)", PRODUCTS)
        connection.close()
        self.pool = ConnectionPool(self._connect, settings.pool_size, settings.acquire_timeout)

    def _connect(self):
        connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    def _ask(self, connection, statement, value):
        time.sleep(self._round_trip)
        return connection.execute(statement, (value,)).fetchone()

    def place_order(self, customer, product):
        """Writes an unpaid order; returns its id and what it costs."""
        with self.pool.connection() as connection:
            self._ask(connection, "SELECT count(*) FROM orders WHERE customer = ? AND state = 'fraud'", customer)
            self._ask(connection, "SELECT max(id) FROM orders WHERE customer = ?", customer)
            found = self._ask(connection, "SELECT cents FROM products WHERE id = ?", product)
            if found is None:
                raise UnknownProduct(f"there is no product {product}")
            time.sleep(self._round_trip)
            with connection:
                order = connection.execute("INSERT INTO orders (customer, cents, state) VALUES (?, ?, 'open')",
                                           (customer, found[0])).lastrowid
                connection.execute("DELETE FROM orders WHERE id < ?", (order - 1000,))
            time.sleep(self._round_trip)
            return order, found[0]

    def products(self):
        return [{"id": number, "name": name, "cents": cents} for number, name, cents in PRODUCTS]
