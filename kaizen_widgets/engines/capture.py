"""What nodes print and log, line by line, kept away from the cell and given to their run.

While a node runs, ``sys.stdout`` and ``sys.stderr`` are stand-ins that ask a ContextVar whose output this
is; everybody else's goes where it went before. Jupyter drops messages when a cell prints too much, and
with them the canvas's: that is why nothing of a node passes through.

Edges: threads a node starts by itself do not inherit the ContextVar, so what they print is the cell's;
so is what goes to file descriptors or to handlers a library keeps on its own logger.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from kaizen_widgets.nodes.context import Say

MAX_LINE = 2000
"""The longest line, in characters; what is longer is cut."""


class Lines:
    """Makes lines of what one node writes, and says them."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._open: dict[str, str] = {}

    def write(self, stream: str, text: str) -> None:
        """Take some text; say the lines it completes."""
        with self._lock:
            *whole, rest = (self._open.get(stream, "") + text).split("\n")
            # A progress bar overwrites its line by \r; of a line without end the beginning is kept.
            rest = rest[rest.rfind("\r", 0, -1) + 1 :]
            self._open[stream] = rest[: MAX_LINE + 1]
        for line in whole:
            self.say(stream, line)

    def flush(self) -> None:
        """Say what is left without a line break."""
        with self._lock:
            rest, self._open = self._open, {}
        for stream, line in rest.items():
            if line:
                self.say(stream, line)

    def say(self, stream: str, line: str, **facts: Any) -> None:
        """Say one line."""
        line = line.rstrip("\r").rsplit("\r", 1)[-1]
        text = line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}…"
        self._say("log", {"stream": stream, "text": text, **facts})


_lines: ContextVar[Lines | None] = ContextVar("kaizen_node_output", default=None)


@contextmanager
def captured(say: Say) -> Iterator[None]:
    """Give what is printed and logged in this context (and in copies of it) to ``say``."""
    lines = Lines(say)
    token = _lines.set(lines)
    try:
        with held():
            yield
    finally:
        lines.flush()
        _lines.reset(token)


class _Standin:
    """A stream that gives a node's text to its run, and all else to the stream it stands in for."""

    def __init__(self, original: TextIO, stream: str) -> None:
        self.original = original
        self._stream = stream

    def write(self, text: str) -> int:
        lines = _lines.get()
        if lines is None:
            return self.original.write(text)
        lines.write(self._stream, str(text))
        return len(text)

    def writelines(self, texts: Any) -> None:
        for text in texts:
            self.write(text)

    def flush(self) -> None:
        if _lines.get() is None:
            self.original.flush()

    def isatty(self) -> bool:
        return _lines.get() is None and self.original.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class _Handler(logging.Handler):
    """Gives a node's log records to its run."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = _lines.get()
        if lines is not None:
            lines.say("log", self.format(record), level=record.levelname, logger=record.name)
            return
        # Python prints warnings itself while nobody handles them; our presence must not stop that.
        last = logging.lastResort
        if logging.root.handlers == [self] and last is not None and record.levelno >= last.level:
            last.handle(record)


def _is_not_a_nodes(record: logging.LogRecord) -> bool:
    return _lines.get() is None


_lock = threading.Lock()
_holders = 0
_standins: dict[str, _Standin] = {}
_handler = _Handler()
_muted: list[logging.Handler] = []


@contextmanager
def held() -> Iterator[None]:
    """Keep the stand-ins in place; threads that outlive their run hold them too."""
    global _holders
    with _lock:
        _holders += 1
        if _holders == 1:
            _install()
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0:
                _uninstall()


def _install() -> None:
    for name in ("stdout", "stderr"):
        _standins[name] = _Standin(getattr(sys, name), name)
    for handler in logging.root.handlers:
        # These print what is logged; each line would appear in the cell as well.
        if getattr(handler, "stream", None) in (sys.stdout, sys.stderr):
            handler.addFilter(_is_not_a_nodes)
            _muted.append(handler)
    sys.stdout, sys.stderr = _standins["stdout"], _standins["stderr"]  # type: ignore[assignment]
    logging.root.addHandler(_handler)


def _uninstall() -> None:
    logging.root.removeHandler(_handler)
    while _muted:
        _muted.pop().removeFilter(_is_not_a_nodes)
    for name, standin in _standins.items():
        # Somebody may have put another stream there meanwhile (redirect_stdout): leave theirs.
        if getattr(sys, name) is standin:
            setattr(sys, name, standin.original)
    _standins.clear()
