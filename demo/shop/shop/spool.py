"""Photos that wait for a moderator, as files on a volume of their own."""
import itertools
import os
import threading
from pathlib import Path


class PhotoSpool:
    """Keeps the newest `max_files` photos. Thread-safe."""

    def __init__(self, folder, max_files):
        self._folder = Path(folder)
        self._max_files = max_files
        self._lock = threading.Lock()
        self._folder.mkdir(parents=True, exist_ok=True)
        for part in self._folder.glob("*.part"):  # of a shop that was killed
            part.unlink(missing_ok=True)
        names = sorted(path.name for path in self._folder.glob("photo-*"))
        self._kept = names
        self._numbers = itertools.count(int(names[-1].split("-")[1]) + 1 if names else 1)

    def add(self, photo):
        with self._lock:
            while len(self._kept) >= self._max_files:
                (self._folder / self._kept.pop(0)).unlink(missing_ok=True)
            name = f"photo-{next(self._numbers):08d}"
            part = self._folder / f"{name}.part"
            try:
                with open(part, "wb") as file:
                    file.write(photo)
                os.rename(part, self._folder / name)
            except OSError as error:
                part.unlink(missing_ok=True)
                raise OSError(error.errno, error.strerror, str(self._folder)) from error
            self._kept.append(name)
            return name

    def numbers(self):
        with self._lock:
            return {"files": len(self._kept), "max_files": self._max_files}
