"""Fingerprints of values and functions: equal ones mean that a result may be used again.

Data is read by its content: Python's own types, pydantic models, dataclasses, objects of plain classes,
arrays of numpy and tables of pandas. A function is its code, its defaults, and what it uses: the variables
it closes over and the globals it names, other functions among them, so a function that is redefined, or
whose helper or constant changed, has another fingerprint. Installed packages count by name and version.
A list or object that functions change while they run (a counter, a memo) is no part of them any more.

What can be compared by identity only (a connection, a lock, an object of a C library) makes a fingerprint
inexact: it is worth something only while the objects are alive, and says nothing about changes inside them.
No code of others runs here: no ``__eq__``, ``__hash__``, ``__repr__`` or ``__reduce__``.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import hashlib
import logging
import pathlib
import re
import struct
import sys
import sysconfig
import threading
import types
import typing
import uuid
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

MAX_BYTES = 200_000_000
"""Largest value that is read, in bytes; a larger one is compared by identity."""
MAX_ITEMS = 300_000
"""The most parts of a value that are read; a list of numbers or texts is one part."""
MAX_CODE_ITEMS = 20_000
"""The most parts of a function with all that it uses."""
MAX_DEPTH = 100
_TOO_LARGE = "a value that is too large to compare"
_CODE_PART = 1_000_000
_MANY = 100
"""Items of a list from which reading them together is worth it."""


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """A fingerprint.

    Attributes:
        digest: Text that is equal for equal content.
        inexact: What can be compared by identity only, in words; empty if everything is read by content.
        size: Bytes that were read.
        state: Fingerprints of lists, dicts and objects that functions use, by their ids.
        code: Digest without these.
    """

    digest: str
    inexact: str = ""
    size: int = 0
    state: Mapping[int, str] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    code: str = dataclasses.field(default="", repr=False, compare=False)

    @property
    def is_exact(self) -> bool:
        """Whether everything was read by content."""
        return not self.inexact


class Fingerprinter:
    """Takes fingerprints; one object serves one run, as it takes that of a function once.

    Args:
        changing: Lists, dicts and objects by their ids that functions change while they run; see `note`.
        max_bytes: Largest value that is read.
    """

    def __init__(
        self, changing: dict[int, Any] | None = None, *, max_bytes: int = MAX_BYTES
    ) -> None:
        self._max_bytes = max_bytes
        self._changing = {} if changing is None else changing
        self._state: dict[int, Any] = {}
        self._held: list[Any] = []
        """What was taken by identity, so that its id is not given to another object."""
        self._functions: dict[int, tuple[Any, Fingerprint]] = {}
        self._lock = threading.Lock()

    def of(self, *values: Any) -> Fingerprint:
        """Return the fingerprint of one or several values; may take seconds for large ones."""
        reader = _Reader(self._max_bytes, self._changing)
        for value in values:
            reader.read(value)
        self._state |= reader.state
        self._held += reader.held
        return reader.result()

    def of_function(self, function: Any) -> Fingerprint:
        """Return the fingerprint of a function or class, taken when it is first asked for."""
        with self._lock:
            found = self._functions.get(id(function))
            if found is None:
                # Holds the function, so that its id is not given to another one.
                taken = self._code_reader(function).result()
                if _TOO_LARGE in taken.inexact:  # Not by the half that was read.
                    taken = Fingerprint(f"object@{id(function)}", taken.inexact)
                    self._held.append(function)
                found = self._functions[id(function)] = (function, taken)
            return found[1]

    def note(self, function: Any, before: Fingerprint) -> bool:
        """Note what a function changed while it ran; return whether its code is still the same.

        Args:
            function: The function.
            before: Its fingerprint from before it ran.
        """
        if _TOO_LARGE in before.inexact:
            return True  # It is compared by identity.
        after = self._code_reader(function).result()
        changed = {
            key: self._state[key]
            for key, digest in before.state.items()
            if after.state.get(key, digest) != digest and key in self._state
        }
        if changed:
            self._changing.update(changed)
            with self._lock:
                self._functions.clear()  # They are read again, without what changes.
        return after.code == before.code

    def _code_reader(self, function: Any) -> _Reader:
        reader = _Reader(self._max_bytes, self._changing, MAX_CODE_ITEMS)
        reader.read(function)
        self._state |= reader.state
        self._held += reader.held
        return reader


class _Plain:
    """A class without state in C; its instances have the size of those of any such class."""


class _Reader:
    def __init__(
        self, max_bytes: int, changing: Mapping[int, Any], max_items: int = MAX_ITEMS
    ) -> None:
        self._max_items = max_items
        self._changing = changing
        self.state: dict[int, Any] = {}
        self._state_digests: dict[int, str] = {}
        self._hash = hashlib.blake2b(digest_size=20)
        self._code_hash = hashlib.blake2b(digest_size=20)
        self._max_bytes = max_bytes
        self._size = 0
        self._items = 0
        self._inexact = ""
        self._seen: dict[int, int] = {}
        """Objects that are being read, or are part of code, and their numbers: they may hold themselves."""
        self.held: list[Any] = []

    def result(self) -> Fingerprint:
        return Fingerprint(
            self._hash.hexdigest(),
            self._inexact,
            self._size,
            dict(self._state_digests),
            self._code_hash.hexdigest(),
        )

    def read(self, value: Any, depth: int = 0) -> None:
        self._items += 1
        if depth > MAX_DEPTH or self._items > self._max_items or self._size > self._max_bytes:
            self._identity(value, f"{_TOO_LARGE}, {_noun(value)}")
            return
        kind = type(value)
        if kind in _ATOMS:
            self._add(kind.__name__, _ATOMS[kind](value))
        elif id(value) in self._seen:
            self._add("again", str(self._seen[id(value)]).encode())
        elif kind in _CONTAINERS:
            self._inside(value, lambda: _CONTAINERS[kind](self, value, depth + 1))
        else:
            self._inside(value, lambda: self._object(value, depth + 1))

    # -- parts

    def _add(self, tag: str, content: bytes | memoryview = b"") -> None:
        length = len(content) if isinstance(content, bytes) else content.nbytes
        self._size += length + 8
        head = f"{tag}:{length}:".encode("utf-8", "surrogatepass")
        self._hash.update(head)
        self._hash.update(content)
        if length < _CODE_PART:  # No code is longer, and reading large data twice takes long.
            self._code_hash.update(head)
            self._code_hash.update(content)

    def _inside(self, value: Any, read: Any) -> None:
        self._seen[id(value)] = len(self._seen)
        read()
        if not issubclass(type(value), _CODE):  # Code is read once, data as often as it occurs.
            del self._seen[id(value)]
        else:
            self.held.append(value)

    def _identity(self, value: Any, what: str = "") -> None:
        """Take an object by its identity."""
        self.held.append(value)
        self._inexact = self._inexact or what or _noun(value)
        self._add("object", f"{type(value).__qualname__}@{id(value)}".encode())

    def _many(self, tag: str, values: Iterable[Any], depth: int) -> None:
        self._add(tag)
        for value in values:
            self.read(value, depth)
        self._add("end")

    def sequence(self, value: Any, depth: int) -> None:
        if len(value) > _MANY and (text := _packed(value)) is not None:
            self._many(type(value).__name__, (len(value), text), depth)
            return
        self._many(
            type(value).__name__, list.__iter__(value) if type(value) is list else value, depth
        )

    def mapping(self, value: Any, depth: int) -> None:
        self._add(type(value).__name__)
        for key, item in tuple(dict.items(value)):
            self.read(key, depth)
            self.read(item, depth)
        if type(value) is defaultdict:
            self.read(value.default_factory, depth)
        self._add("end")

    def unordered(self, value: Any, depth: int) -> None:
        parts: list[str] = []
        for item in tuple(value):
            parts.append(self._apart(item, depth))
        self._many(type(value).__name__, sorted(parts), depth)

    def _object(self, value: Any, depth: int) -> None:
        kind = type(value)
        if issubclass(kind, types.FunctionType):
            self._function(value, depth)
        elif issubclass(kind, type):
            self._class(value, depth)
        elif issubclass(kind, types.CodeType):
            self._code(value, depth)
        elif issubclass(kind, types.ModuleType):
            self._add("module", f"{value.__name__} {_version(value.__name__)}".encode())
        elif issubclass(kind, types.MethodType):
            self._many("method", (value.__func__,), depth)
            self._variable(value.__self__, depth)
        elif issubclass(kind, staticmethod | classmethod):
            self._many(kind.__name__, (value.__func__,), depth)
        elif issubclass(kind, property):
            self._many("property", (value.fget, value.fset, value.fdel), depth)
        elif issubclass(kind, functools.partial) and kind is functools.partial:
            self._many("partial", (value.func, value.args, value.keywords), depth)
        elif issubclass(kind, types.BuiltinFunctionType | types.MethodDescriptorType | _SLOT):
            owner = getattr(value, "__self__", None)
            self._add("built-in", f"{value.__qualname__}".encode())
            if owner is not None and not issubclass(type(owner), types.ModuleType):
                self.read(owner, depth)
        elif issubclass(kind, enum.Enum):
            self._many("enum", (kind.__module__, kind.__qualname__, value.name), depth)
        elif issubclass(kind, logging.Logger):
            self._add("logger", value.name.encode("utf-8", "surrogatepass"))
        elif issubclass(kind, re.Pattern):
            self._many("pattern", (value.pattern, value.flags), depth)
        elif issubclass(kind, types.MappingProxyType):
            self._many("proxy", (dict(value),), depth)
        elif issubclass(kind, _TYPING) or kind.__module__ == "typing":
            self._add("annotation", repr(value).encode("utf-8", "surrogatepass"))
        elif kind.__module__.partition(".")[0] == "numpy":
            self._numpy(value, depth)
        elif kind.__module__.partition(".")[0] == "pandas":
            self._pandas(value, depth)
        elif issubclass(kind, BaseModel):
            self._model(value, depth)
        elif _is_plain(kind):
            self._instance(value, depth)
        else:
            self._identity(value)

    # -- code

    def _function(self, function: types.FunctionType, depth: int) -> None:
        if _is_installed(function.__module__):
            self._installed(function)
            return
        self._add("function", function.__name__.encode())
        self.read(function.__code__, depth)
        self.read(function.__defaults__, depth)
        self.read(function.__kwdefaults__, depth)
        # Which parameters are ports, and how a tool is described to a model.
        self.read(function.__annotations__, depth)
        for cell in function.__closure__ or ():
            try:
                self._variable(cell.cell_contents, depth)
            except ValueError:
                self._add("empty cell")
        names = _names(function.__code__)
        for name in names:
            if name not in function.__globals__:
                continue
            value = function.__globals__[name]
            self._add("global", name.encode())
            self._variable(value, depth)
            if issubclass(type(value), types.ModuleType) and not _is_installed(value.__name__):
                inside = vars(value)
                for attribute in names:
                    if attribute in inside:
                        self._add("attribute", attribute.encode())
                        self.read(inside[attribute], depth)

    def _variable(self, value: Any, depth: int) -> None:
        """Read a variable that a function uses; it may be something that functions change."""
        if type(value) in _ATOMS or issubclass(
            type(value), _CODE | types.ModuleType | tuple | frozenset
        ):
            self.read(value, depth)
        elif id(value) in self._changing:
            self._hash.update(f"changing {type(value).__name__}".encode())
            if type(value) not in _CONTAINERS:
                # Its code counts, and which object it is: another one may do something else.
                self.read(type(value), depth)
                self._identity(value, f"an object that changes, {_noun(value)}")
        else:
            digest = self._apart(value, depth)
            self.state[id(value)] = value
            self._state_digests[id(value)] = digest
            self._hash.update(digest.encode())

    def _apart(self, value: Any, depth: int) -> str:
        """Return the digest of a part, read by itself."""
        reader = _Reader(
            self._max_bytes - self._size, self._changing, self._max_items - self._items
        )
        reader._seen = dict(self._seen)
        reader.read(value, depth)
        found = reader.result()
        self._inexact = self._inexact or found.inexact
        self._size += found.size
        self._items += reader._items
        self.state |= reader.state
        self._state_digests |= found.state
        self.held += reader.held
        return found.digest

    def _code(self, code: types.CodeType, depth: int) -> None:
        self._add("code", code.co_code)
        counts = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        self._many("parts", (sys.version_info[:2], counts, names, code.co_consts), depth)

    def _class(self, kind: type, depth: int) -> None:
        if _is_installed(kind.__module__):
            self._installed(kind)
            return
        self._add("class", f"{kind.__module__}.{kind.__qualname__}".encode())
        self._many("bases", kind.__bases__, depth)
        if issubclass(kind, BaseModel):
            self._add("fields", repr(kind.model_fields).encode("utf-8", "surrogatepass"))
        for name, value in tuple(vars(kind).items()):
            if name in _NOT_CODE or name.startswith(("_abc_", "__pydantic_")):
                continue
            is_code = isinstance(value, types.FunctionType | staticmethod | classmethod | property)
            if is_code or not issubclass(kind, BaseModel):
                self._add("attribute", name.encode("utf-8", "surrogatepass"))
                self.read(value, depth)

    def _installed(self, value: Any) -> None:
        module = value.__module__ or ""
        self._add("installed", f"{module}.{value.__qualname__} {_version(module)}".encode())

    # -- data

    def _model(self, value: BaseModel, depth: int) -> None:
        self.read(type(value), depth)
        for name in ("__dict__", "__pydantic_extra__", "__pydantic_private__"):
            try:
                self.read(object.__getattribute__(value, name), depth)
            except AttributeError:
                self._add("unset")

    def _instance(self, value: Any, depth: int) -> None:
        self.read(type(value), depth)
        for name in _slots(type(value)):
            try:
                self._add("slot", name.encode())
                self.read(object.__getattribute__(value, name), depth)
            except AttributeError:
                self._add("unset")
        try:
            state = object.__getattribute__(value, "__dict__")
        except AttributeError:
            return  # It has slots only.
        cached = _cached_properties(
            type(value)
        )  # They follow from the rest, once they are asked for.
        self.read({name: one for name, one in tuple(state.items()) if name not in cached}, depth)

    def _numpy(self, value: Any, depth: int) -> None:
        dtype = getattr(value, "dtype", None)
        is_array = type(value).__name__ == "ndarray"
        if dtype is None or not (is_array or hasattr(value, "tobytes")):
            self._identity(value)
        elif dtype.hasobject:
            self._many("objects", (str(dtype), value.shape, value.tolist()), depth)
        elif value.nbytes > self._max_bytes - self._size:
            self._identity(value, f"{_TOO_LARGE}, {_noun(value)}")
        else:
            self._many("array", (str(dtype.descr), tuple(value.shape)), depth)
            self._add("data", value.tobytes())

    def _pandas(self, value: Any, depth: int) -> None:
        match type(value).__name__:
            case "DataFrame":
                self._add("frame")
                self.read(value.columns, depth)
                self.read(value.index, depth)
                for position in range(value.shape[1]):
                    self.read(value.iloc[:, position].array, depth)
                self.read(value.attrs, depth)
            case "Series":
                self._many("series", (value.name, value.index, value.array, value.attrs), depth)
            case "Timestamp" | "Timedelta" | "Period" | "Interval" | "NaTType" | "NAType":
                self._add("pandas", f"{type(value).__name__} {value!r}".encode())
            case name if hasattr(value, "to_numpy"):
                self._add(name)
                self.read(list(getattr(value, "names", ())), depth)
                self.read(str(value.dtype), depth)
                if value.shape[0] * 8 > self._max_bytes - self._size:
                    self._identity(value, f"{_TOO_LARGE}, {_noun(value)}")
                    return
                self.read(value.to_numpy(), depth)
            case _:
                self._identity(value)


def _packed(value: Any) -> bytes | None:
    """Return a long list of numbers or of texts as bytes, made in C; None for any other."""
    kinds = set(map(type, value))
    if kinds == {float}:
        return b"float" + array("d", value).tobytes()
    if kinds == {int}:
        return b"int" + " ".join(map(str, value)).encode()
    if kinds == {str}:
        lengths = array("q", map(len, value)).tobytes()
        return b"str" + lengths + "".join(value).encode("utf-8", "surrogatepass")
    return None


def _utf8(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


_ATOMS: dict[type, Any] = {
    type(None): lambda _value: b"",
    bool: lambda value: b"1" if value else b"0",
    int: lambda value: value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True),
    float: lambda value: struct.pack("<d", value),
    complex: lambda value: struct.pack("<dd", value.real, value.imag),
    str: _utf8,
    bytes: lambda value: value,
    bytearray: bytes,
    type(...): lambda _value: b"",
    type(NotImplemented): lambda _value: b"",
    type(threading.Lock()): lambda _value: b"",
    type(threading.RLock()): lambda _value: b"",
} | dict.fromkeys(
    (
        range, slice, datetime.datetime, datetime.date, datetime.time, datetime.timedelta,
        datetime.timezone, decimal.Decimal, fractions.Fraction, uuid.UUID,
        pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath,
    ),
    lambda value: repr(value).encode(),
)  # fmt: skip
_CONTAINERS: dict[type, Any] = {
    list: _Reader.sequence,
    tuple: _Reader.sequence,
    deque: _Reader.sequence,
    dict: _Reader.mapping,
    OrderedDict: _Reader.mapping,
    defaultdict: _Reader.mapping,
    Counter: _Reader.mapping,
    set: _Reader.unordered,
    frozenset: _Reader.unordered,
}
_CODE = types.FunctionType | type | types.CodeType
_SLOT = (
    types.WrapperDescriptorType
    | types.MethodWrapperType
    | types.ClassMethodDescriptorType
    | types.GetSetDescriptorType
    | types.MemberDescriptorType
)
_TYPING = (types.GenericAlias, types.UnionType, typing.TypeVar)
_NOT_CODE = frozenset(
    {
        "__module__", "__dict__", "__weakref__", "__doc__", "__firstlineno__", "__annotations__",
        "__static_attributes__", "__annotate_func__", "__annotations_cache__", "model_config",
        "model_fields", "__class_vars__", "__private_attributes__", "__signature__",
        "__dataclass_fields__", "__dataclass_params__", "__match_args__",
    }
)  # fmt: skip
_PREFIXES = tuple(
    {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def _noun(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _names(code: types.CodeType) -> tuple[str, ...]:
    """Return the names that code uses, that of inner functions included, in a fixed order."""
    found = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= dict.fromkeys(_names(constant))
    return tuple(found)


@functools.cache
def _is_installed(module: str | None) -> bool:
    """Return whether a module belongs to Python or to an installed package, and not to the user."""
    top = (module or "").partition(".")[0]
    if not top or top == "__main__":
        return False
    if top in sys.stdlib_module_names or top == "kaizen_widgets":
        return True
    file = getattr(sys.modules.get(top), "__file__", None)
    return file is not None and file.startswith(_PREFIXES)


@functools.cache
def _version(module: str) -> str:
    top = sys.modules.get(module.partition(".")[0])
    return str(getattr(top, "__version__", ""))


@functools.cache
def _is_plain(kind: type) -> bool:
    """Return whether all state of an object is in its ``__dict__`` and slots: no class in C keeps more."""
    slots = len(_slots(kind))
    if not kind.__flags__ & (1 << 9) or kind.__itemsize__:  # It is not made by a class statement.
        return False
    plain = (_Plain.__basicsize__, object.__basicsize__, object.__basicsize__ + 8)
    return any(kind.__basicsize__ == size + 8 * slots for size in plain)


@functools.cache
def _cached_properties(kind: type) -> frozenset[str]:
    return frozenset(
        name
        for one in kind.__mro__
        for name, value in vars(one).items()
        if issubclass(type(value), functools.cached_property)
    )


def _slots(kind: type) -> list[str]:
    return [
        name
        for one in kind.__mro__
        for name, value in vars(one).items()
        if isinstance(value, types.MemberDescriptorType) and name not in ("__dict__", "__weakref__")
    ]
