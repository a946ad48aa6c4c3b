"""Write a file so that the old content is complete until the new one is."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import Any


def write_file(data: bytes, path: str | os.PathLike[str]) -> None:
    """Write a file; the old file stays complete until the new one is.

    An existing file keeps its mode, owner and group, and a link keeps pointing to it; a new file gets the
    mode that the umask asks for. Pipes and devices are written to.

    Raises:
        OSError: It cannot be written; the old content is still there.
    """
    try:
        facts = Path(path).stat()
    except FileNotFoundError:
        facts = None
    if facts is not None and not stat.S_ISREG(facts.st_mode):
        with open(path, "wb") as file:
            file.write(data)
        return
    target = Path(os.path.realpath(path))
    if facts is not None and not os.access(target, os.W_OK):
        raise PermissionError(f"{target.name} may not be written.")
    # Another name of the same file (a hard link) must see the new content too.
    if (facts is not None and facts.st_nlink > 1) or not _replace(target, data, facts):
        _overwrite(target, data)


def _replace(target: Path, data: bytes, facts: os.stat_result | None) -> bool:
    """Replace the old file by a new one; return False if only writing into the old one is allowed."""
    temporary = target.parent / f".kaizen-{secrets.token_hex(6)}.tmp"
    # A new file gets the mode of the umask; the content of an existing one is hidden until it has its mode.
    mode = 0o666 if facts is None else 0o600
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except PermissionError:
        if facts is None:
            raise
        return False
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if facts is not None and not _copy_facts(target, temporary, facts):
            return False
        temporary.replace(target)
    except PermissionError:
        # A folder such as /tmp lets only the owner replace a file.
        if facts is None:
            raise
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _copy_facts(old: Path, new: Path, facts: os.stat_result) -> bool:
    """Give a file the owner, group, mode and attributes of another; return False if that is not allowed."""
    if hasattr(os, "chown"):
        made = new.stat()
        if (made.st_uid, made.st_gid) != (facts.st_uid, facts.st_gid):
            try:
                os.chown(new, facts.st_uid, facts.st_gid)
            except PermissionError:
                return False
    shutil.copystat(old, new)
    os.utime(new)
    return True


def _overwrite(target: Path, data: bytes) -> None:
    """Write into an existing file; on an error the old content is written back."""
    with open(target, "r+b") as file:
        old = file.read()
        try:
            _rewrite(file, data)
        except OSError:
            _rewrite(file, old)
            raise


def _rewrite(file: Any, data: bytes) -> None:
    file.seek(0)
    file.write(data)
    file.truncate()
    file.flush()
    os.fsync(file.fileno())
