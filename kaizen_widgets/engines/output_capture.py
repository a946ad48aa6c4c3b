"""Route what a node prints and logs to its run instead of the notebook cell.

While nodes run, `sys.stdout` and `sys.stderr` are replaced by streams that look up in a `ContextVar` which
node is writing: a node's text becomes lines of its run, all other text goes where it went before. Jupyter
drops messages when a cell prints too much, and the canvas's messages with them, so a node's output must not
reach the cell.

Assigning to `sys.stdout` (``redirect_stdout``, ``%%capture``) keeps its meaning: outside a node it changes
where the notebook prints, inside a node only where that node prints. Both need to see the assignment, so
`sys` gets a class with properties for the two streams as long as nodes run. Python reads the module's dict
when it prints, which holds the replaced streams.

A process forked by a node writes its lines through a pipe to the node's run.

Limits: threads a node starts itself do not inherit the `ContextVar`, so what they print appears in the cell,
and so does what is written to file descriptors or to handlers that a library keeps on its own logger.
"""

from __future__ import annotations

import json
import logging
import os
import select
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from types import ModuleType
from typing import Any, TextIO, cast

from kaizen_widgets.nodes.context import Context

MAX_LINE = 2000
"""Longest line, in characters; longer ones are cut."""
STREAMS = ("stdout", "stderr")


class NodeOutput:
    """Splits the text one node writes into lines and reports them to its run.

    Attributes:
        redirected: Streams the node itself assigned to ``sys.stdout`` or ``sys.stderr``, by that name.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._unfinished: dict[str, str] = {}
        self._children: list[_ChildOutput] = []
        self.redirected: dict[str, TextIO] = {}

    def write(self, stream: str, text: str) -> None:
        """Add text and report the lines it completes."""
        with self._lock:
            *lines, rest = (self._unfinished.get(stream, "") + text).split("\n")
            # A progress bar overwrites its line with \r. Of a line without an end only the beginning is kept.
            rest = rest[rest.rfind("\r", 0, -1) + 1 :]
            self._unfinished[stream] = rest[: MAX_LINE + 1]
        for line in lines:
            self.report(stream, line)

    def flush(self) -> None:
        """Report the text that has no line break yet, and what forked processes have written so far."""
        for child in self._children:
            child.read_available()
        if not self._unfinished:
            return
        with self._lock:
            unfinished, self._unfinished = self._unfinished, {}
        for stream, line in unfinished.items():
            if line:
                self.report(stream, line)

    def report(self, stream: str, line: str, **facts: Any) -> None:
        """Report one line."""
        line = line.rstrip("\r").rsplit("\r", 1)[-1]
        text = line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}…"
        self._ctx.say("log", {"stream": stream, "text": text, **facts})

    # -- forked processes

    def prepare_fork(self) -> _ChildOutput | None:
        """Return the pipe through which the process about to be forked will report to this node.

        None if there are too many open files; then what that process prints is dropped.
        """
        try:
            return _ChildOutput(self._ctx)
        except OSError:
            return None

    def continue_in_parent(self, child: _ChildOutput) -> None:
        """Start reading what the forked process writes."""
        self._children = [child for child in self._children if not child.is_closed]
        self._children.append(child)
        child.start_reading()

    def continue_in_child(self, child: _ChildOutput | None) -> None:
        """Write to the pipe from now on, in a process without the threads that may hold a lock."""
        self._lock = threading.Lock()
        self._unfinished = {}
        self._children = []
        self._ctx.say = _drop if child is None else child.writer()


class _ChildOutput:
    """The lines of one forked process, as JSON through a pipe."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._reader, self._writer = os.pipe()
        self._lock = threading.Lock()
        self._unfinished = b""
        self.is_closed = False

    def writer(self) -> Any:
        """Return the object that takes the lines in the forked process."""
        os.close(self._reader)
        lock = threading.Lock()

        def say(kind: str, data: Mapping[str, Any]) -> None:
            message = memoryview(json.dumps([kind, dict(data)], default=str).encode() + b"\n")
            with lock:
                try:
                    while message:
                        message = message[os.write(self._writer, message) :]
                except OSError:
                    pass  # The notebook's process has ended.

        return say

    def start_reading(self) -> None:
        """Report lines as they arrive, until the process has ended."""
        os.close(self._writer)
        os.set_blocking(self._reader, False)
        threading.Thread(target=self._read, name="kaizen-fork-output", daemon=True).start()

    def _read(self) -> None:
        while not self.is_closed:
            try:
                select.select([self._reader], [], [])
            except (OSError, ValueError):
                return  # Closed by `read_available` on another thread.
            self.read_available()

    def read_available(self) -> None:
        """Report what has arrived, without waiting for more."""
        with self._lock:
            while not self.is_closed:
                try:
                    chunk = os.read(self._reader, 65_536)
                except BlockingIOError:
                    return
                if not chunk:
                    self.is_closed = True
                    os.close(self._reader)
                    return
                *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
                for line in lines:
                    self._ctx.say(*json.loads(line))


def _drop(kind: str, data: Mapping[str, Any]) -> None:
    pass


_current: ContextVar[NodeOutput | None] = ContextVar("kaizen_node_output", default=None)


class captured:
    """Report what is printed and logged in this context, and in copies of it, to a node's run.

    A class, as entering a generator would take longer than what a short node does.
    """

    __slots__ = ("_output", "_token")

    def __init__(self, ctx: Context) -> None:
        self._output = NodeOutput(ctx)

    def __enter__(self) -> None:
        self._token = _current.set(self._output)
        _replace_streams()

    def __exit__(self, *_: object) -> None:
        try:
            _restore_streams()
        finally:
            self._output.flush()
            with suppress(ValueError):  # A task destroyed with its loop ends in another context.
                _current.reset(self._token)


class _NodeStream:
    """A text stream that gives a node's text to its run, and all other text to the stream it replaces."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.replaced: TextIO | None = None

    @property
    def target(self) -> TextIO:
        """Where text goes that no node wrote."""
        if self.replaced is not None:
            return self.replaced
        current = getattr(sys, self.name)  # A node kept this stream, and no node runs any more.
        return cast("TextIO", getattr(sys, f"__{self.name}__") if current is self else current)

    def _destination(self) -> TextIO | NodeOutput:
        output = _current.get()
        return self.target if output is None else output.redirected.get(self.name, output)

    def write(self, text: str) -> int:
        destination = self._destination()
        if isinstance(destination, NodeOutput):
            destination.write(self.name, str(text))
            return len(text)
        return destination.write(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        destination = self._destination()
        if not isinstance(destination, NodeOutput):
            destination.flush()
        elif _is_forked:
            destination.flush()  # A forked process may end without another chance.

    def isatty(self) -> bool:
        destination = self._destination()
        return not isinstance(destination, NodeOutput) and destination.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)


_streams = {name: _NodeStream(name) for name in STREAMS}


def _stream_property(name: str) -> property:
    stream = _streams[name]

    def get(module: ModuleType) -> Any:
        output = _current.get()
        return stream.target if output is None else output.redirected.get(name, stream)

    def set(module: ModuleType, value: Any) -> None:
        output = _current.get()
        if output is None:
            stream.replaced = stream.target if value is stream else value
        elif value is stream:
            output.redirected.pop(name, None)
        else:
            output.redirected[name] = value

    return property(get, set)


class _LogHandler(logging.Handler):
    """Gives a node's log records to its run."""

    def emit(self, record: logging.LogRecord) -> None:
        output = _current.get()
        if output is not None:
            try:
                text = self.format(record)
            except Exception as error:
                # Python prints such a mistake and continues; so does the node.
                text = f"{record.msg!r} could not be formatted: {type(error).__name__}"
            output.report("log", text, level=record.levelname, logger=record.name)
            return
        # Without any handler Python prints warnings itself; this handler must not stop that.
        last = logging.lastResort
        if logging.root.handlers == [self] and last is not None and record.levelno >= last.level:
            last.handle(record)


def _is_not_from_a_node(record: logging.LogRecord) -> bool:
    return _current.get() is None


_lock = threading.Lock()
_users = 0
_handler = _LogHandler()
_silenced: list[logging.Handler] = []
_class_before: type[ModuleType] = ModuleType


@contextmanager
def streams_replaced() -> Iterator[None]:
    """Keep the streams replaced; threads that outlive their run use this as well."""
    _replace_streams()
    try:
        yield
    finally:
        _restore_streams()


def _replace_streams() -> None:
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _install()
        _silence_handlers()


def _restore_streams() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            _uninstall()


def _install() -> None:
    global _class_before
    names = _sys_dict()
    for name, stream in _streams.items():
        stream.replaced, names[name] = names[name], stream
    module: Any = sys
    _class_before = type(sys)
    module.__class__ = _class_with_streams(_class_before)
    logging.root.addHandler(_handler)


@lru_cache(maxsize=8)
def _class_with_streams(base: type[ModuleType]) -> type[ModuleType]:
    """Return a class for `sys` with properties for the two streams; making one takes long."""
    return type("sys", (base,), {name: _stream_property(name) for name in STREAMS})


def _silence_handlers() -> None:
    """Keep a node's log records from handlers that print: each would appear in the cell as well."""
    printed_to = [stream.target for stream in _streams.values()]
    for handler in logging.root.handlers:
        if handler not in _silenced and getattr(handler, "stream", None) in printed_to:
            handler.addFilter(_is_not_from_a_node)
            _silenced.append(handler)


def _uninstall() -> None:
    logging.root.removeHandler(_handler)
    while _silenced:
        _silenced.pop().removeFilter(_is_not_from_a_node)
    module: Any = sys
    module.__class__ = _class_before
    names = _sys_dict()
    for name, stream in _streams.items():
        # C code may have put another stream there without the properties: leave it.
        if names.get(name) is stream:
            names[name] = stream.replaced
        stream.replaced = None


def _sys_dict() -> dict[str, Any]:
    """Return the attributes of `sys`, which Python itself reads when it prints."""
    return cast("dict[str, Any]", vars(sys))


# -- forked processes

_is_forked = False
_forking = threading.local()


def _before_fork() -> None:
    output = _forking.output = _current.get()
    _forking.child = None if output is None else output.prepare_fork()


def _after_fork_in_parent() -> None:
    if _forking.child is not None:
        _forking.output.continue_in_parent(_forking.child)


def _after_fork_in_child() -> None:
    global _is_forked, _lock
    _is_forked = True
    _lock = threading.Lock()  # Another thread may have held it when this process was forked.
    if _forking.output is not None:
        _forking.output.continue_in_child(_forking.child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
