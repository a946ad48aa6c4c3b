"""Locks on bytes of a file that all kernels of a user share: which kernels are alive, and who does what.

The operating system releases a lock when its process ends, even after a crash. A *lease* is held for as long
as a kernel lives, a named lock for as long as one piece of work takes. Nothing is written to the file. Where
the disk does not support locks (some network folders), every lease looks free, every named lock is granted,
and `Leases.problem` says so.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LAST_BYTE = 2**30
"""Leases are taken below it, named locks above; Windows counts bytes in 31 bits."""


class Leases:
    """Byte locks on a file.

    Args:
        path: The file, created if missing, for its owner alone; None for locks within this object only.
        random_byte: Returns a number below `LAST_BYTE` for a new lease.
    """

    def __init__(self, path: Path | None, random_byte: Callable[[], int] | None = None) -> None:
        self._path = path
        self._random_byte = random_byte or _random_byte
        self._lock = threading.Lock()
        self._held: set[int] = set()
        self._descriptor: int | None = None
        self._process = os.getpid()
        self.problem = ""
        """Why other kernels are not noticed; empty when all is well."""

    def take(self) -> int:
        """Take a new lease, held until this process ends or `give_back` is called; return its number."""
        while True:
            byte = self._random_byte()
            if self._try(byte):
                return byte

    def give_back(self, byte: int) -> None:
        """Release a lease; does nothing if it is not held."""
        with self._lock:
            if byte in self._held:
                self._held.discard(byte)
                self._system(byte, hold=False)

    def is_held(self, byte: int) -> bool:
        """Return whether this process or another one holds a lease."""
        with self._lock:
            if byte in self._held and self._process == os.getpid():
                return True
            if not self._system(byte, hold=True):
                return True
            self._system(byte, hold=False)
            return False

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """Hold the lock ``name`` inside the block; the value is False when another holder has it."""
        byte = LAST_BYTE + zlib.crc32(name.encode()) % LAST_BYTE
        mine = self._try(byte)
        try:
            yield mine
        finally:
            if mine:
                self.give_back(byte)

    def close(self) -> None:
        """Release everything."""
        with self._lock:
            self._held.clear()
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    # ------------------------------------------------------------ internal

    def _try(self, byte: int) -> bool:
        with self._lock:
            if self._process != os.getpid():
                # A fork inherits no locks, and this descriptor is the parent's.
                self._held, self._descriptor, self._process = set(), None, os.getpid()
            if byte in self._held or not self._system(byte, hold=True):
                return False
            self._held.add(byte)
            return True

    def _system(self, byte: int, *, hold: bool) -> bool:
        """Lock or unlock one byte; False when another process has locked it."""
        if self._path is None:
            return True
        try:
            # One descriptor for all: POSIX drops every lock of a process when any of them is closed.
            if self._descriptor is None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            _lock(self._descriptor, byte, hold=hold)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                return False
            self.problem = (
                f"Other notebooks are not seen: {self._path.name} cannot be locked "
                f"({error.strerror or type(error).__name__})."
            )
        return True

    def __repr__(self) -> str:
        return f"Leases({self._path.name if self._path else None!r})"


@functools.cache
def shared_leases(file: Path) -> Leases:
    """Return the locks beside a file, one object per process: a process does not see its own locks."""
    return Leases(file.with_suffix(".locks"))


def _random_byte() -> int:
    return int.from_bytes(os.urandom(4)) % LAST_BYTE


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, byte: int, *, hold: bool) -> None:
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK if hold else msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int, byte: int, *, hold: bool) -> None:
        how = fcntl.LOCK_EX | fcntl.LOCK_NB if hold else fcntl.LOCK_UN
        fcntl.lockf(descriptor, how, 1, byte, os.SEEK_SET)
