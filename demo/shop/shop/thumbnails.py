"""Thumbnails, cut from decoded sheets that are kept in memory."""
import collections
import logging
import mmap
import threading

SHEET_BYTES = 4 << 20
WARN_ENTRIES = 16

log = logging.getLogger("shop.cache")


def decode_sheet(number):
    """The pixels of a sheet."""
    sheet = mmap.mmap(-1, SHEET_BYTES)
    row = bytes((number * 7 + column) % 251 for column in range(4096))
    for _ in range(SHEET_BYTES // len(row)):
        sheet.write(row)
    return sheet


class SheetCache:
    """Sheets by number; the one unused for longest goes first. Thread-safe."""

    def __init__(self, max_entries):
        self._max_entries = max_entries
        self._sheets = collections.OrderedDict()
        self._lock = threading.Lock()

    def thumbnail(self, number, index, edge):
        with self._lock:
            sheet = self._sheets.pop(number, None)
            sheet_is_new = sheet is None
            if sheet_is_new:
                sheet = decode_sheet(number)
            self._sheets[number] = sheet
            while self._max_entries and len(self._sheets) > self._max_entries:
                self._sheets.popitem(last=False)[1].close()
            if sheet_is_new and len(self._sheets) >= WARN_ENTRIES and len(self._sheets) % 4 == 0:
                log.warning("thumbnail cache has grown to %d entries, %d MiB", len(self._sheets),
                            len(self._sheets) * SHEET_BYTES >> 20)
            size = 4 * edge * edge
            at = index * size % (SHEET_BYTES - size)
            return sheet[at:at + size]

    def numbers(self):
        with self._lock:
            return {"entries": len(self._sheets), "bytes": len(self._sheets) * SHEET_BYTES,
                    "max_entries": self._max_entries}
