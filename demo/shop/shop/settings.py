"""Settings of the shop, from the files of config/ and from .env."""
import configparser
import json
import tomllib
from pathlib import Path


class SettingError(Exception):
    pass


def read_yaml(text):
    """The part of YAML that our files use: nested maps of plain values, and comments."""
    root = {}
    open_maps = [(-1, root)]
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split(" #")[0].rstrip() if not line.lstrip().startswith("#") else ""
        if not line:
            continue
        indent = len(line) - len(line.lstrip())
        key, colon, value = line.strip().partition(":")
        if not colon:
            raise SettingError(f"line {number}: a key is expected")
        while open_maps[-1][0] >= indent:
            open_maps.pop()
        here = open_maps[-1][1]
        if value.strip():
            here[key] = value.strip().strip("\"'")
        else:
            here[key] = {}
            open_maps.append((indent, here[key]))
    return root


def read_properties(text):
    """Lines of name=value; `#` begins a comment, as in .env."""
    out = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith(("#", "!")):
            out[name.strip()] = value.split(" #")[0].strip()
    return out


def byte_size(text):
    for unit, factor in (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)):
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    return int(text)


class Settings:
    """All settings, typed. Raises SettingError where one is missing or is not what it must be."""

    def __init__(self, root):
        root = Path(root)
        try:
            database = read_yaml((root / "config/database.yaml").read_text())["database"]
            tokens = tomllib.loads((root / "config/auth.toml").read_text())["tokens"]
            cache = configparser.ConfigParser()
            cache.read_string((root / "config/cache.ini").read_text())
            spool = read_properties((root / "config/spool.properties").read_text())
            service = json.loads((root / "config/service.json").read_text())
            env = read_properties((root / ".env").read_text())
            self.database_file = database["file"]
            self.round_trip = int(database["round_trip_ms"]) / 1000
            self.pool_size = int(database["pool"]["size"])
            self.acquire_timeout = int(database["pool"]["acquire_timeout_ms"]) / 1000
            self.issuer = tokens["issuer"]
            self.audience = tokens["audience"]
            self.key_id = tokens["key_id"]
            self.token_lifetime = int(tokens["lifetime_seconds"])
            self.cache_max_entries = cache.getint("thumbnail_cache", "max_entries")
            self.thumbnail_edge = cache.getint("thumbnail_cache", "thumbnail_edge")
            self.spool_max_files = int(spool["spool.max_files"])
            self.photo_bytes_max = int(spool["spool.photo.bytes"])
            self.memory_limit = byte_size(service["memory_limit"])
            self.volume_size = byte_size(service["volume_size"])
            self.peak_checkouts = int(service["peak_checkouts"])
            self.inventory = (env["INVENTORY_HOST"], int(env["INVENTORY_PORT"]))
            self.payments = (env["PAYMENTS_HOST"], int(env["PAYMENTS_PORT"]))
        except (OSError, KeyError, ValueError, configparser.Error) as error:
            raise SettingError(f"{type(error).__name__}: {error}") from error
        if self.pool_size < 1:
            raise SettingError("database.pool.size must be at least 1")
