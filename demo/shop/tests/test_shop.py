"""Parts of the shop, alone. `python3 -m unittest discover tests` from the top."""
import tempfile
import unittest
from pathlib import Path

from shop.pool import ConnectionPool, PoolTimeout
from shop.settings import Settings, read_properties, read_yaml
from shop.spool import PhotoSpool
from shop.thumbnails import SheetCache
from shop.tokens import make_token
from tests.stand_ins import contract, token_fault

ROOT = Path(__file__).resolve().parents[1]


class SettingsTest(unittest.TestCase):
    def test_yaml(self):
        text = "# top\na:\n  b: 1   # one\n  c:\n    d: x\ne: 'y'\n"
        self.assertEqual(read_yaml(text), {"a": {"b": "1", "c": {"d": "x"}}, "e": "y"})

    def test_properties(self):
        self.assertEqual(read_properties("# no\nA=1 # one\n\nb.c = d\n"), {"A": "1", "b.c": "d"})

    def test_our_own(self):
        settings = Settings(ROOT)
        self.assertGreaterEqual(settings.pool_size, 1)
        self.assertEqual(settings.issuer, "shop")


class PoolTest(unittest.TestCase):
    def test_gives_connections_back(self):
        pool = ConnectionPool(object, 1, 0.01)
        with pool.connection() as first:
            with self.assertRaises(PoolTimeout):
                with pool.connection():
                    self.fail("a second connection")
        with pool.connection() as second:
            self.assertIs(first, second)


class CacheTest(unittest.TestCase):
    def test_oldest_goes_first(self):
        cache = SheetCache(2)
        for number in (1, 2, 1, 3):
            self.assertEqual(len(cache.thumbnail(number, 0, 16)), 1024)
        self.assertEqual(cache.numbers()["entries"], 2)


class SpoolTest(unittest.TestCase):
    def test_keeps_the_newest(self):
        with tempfile.TemporaryDirectory() as folder:
            PhotoSpool(folder, 5).add(b"old")
            spool = PhotoSpool(folder, 2)
            names = [spool.add(b"new") for _ in range(3)]
            self.assertEqual(sorted(path.name for path in Path(folder).iterdir()), names[1:])


class TokenTest(unittest.TestCase):
    def test_payments_contract(self):
        settings = Settings(ROOT)
        token = make_token(settings, b"key", "order-1")
        self.assertEqual(token_fault(token, b"other", contract("payments")["token"]), "bad signature")


if __name__ == "__main__":
    unittest.main()
