"""The lines of code an exception came from: the user's own first, those of libraries behind them."""

from __future__ import annotations

import linecache
import sys
import sysconfig
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType
from typing import Any, Final

from kaizen_widgets.core.text import replace_lone_surrogates

CONTEXT: Final = 2
"""Lines shown before and after the line that raised."""
MAX_FRAMES: Final = 50
MAX_CAUSES: Final = 5
MAX_LINE: Final = 300
_OURS: Final = str(Path(__file__).parents[1])
_LIBRARIES: Final = tuple(
    path for name in ("stdlib", "platstdlib") if (path := sysconfig.get_paths().get(name))
)


@dataclass(frozen=True)
class ErrorFrame:
    """One line of code on the way to an exception.

    Attributes:
        place: The file, or the notebook's cell.
        line: Its number, counted from 1.
        name: The function.
        package: The library it belongs to; empty for the user's own code.
        lines: Numbers and texts of the lines around it; empty where the source is not known.
    """

    place: str
    line: int
    name: str
    package: str
    lines: tuple[tuple[int, str], ...]


def error_content(error: BaseException) -> dict[str, Any]:
    """Return an exception as JSON: ``type``, ``message``, ``frames`` (the newest first), ``causes``."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain and len(chain) < MAX_CAUSES:
        chain.append(found)
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    # An error of the user's code says more than ours around it; one of a library says less: ours names what
    # it was about.
    wrapped = [each for each in chain if not type(each).__module__.startswith("kaizen_widgets.")]
    is_users = any(not frame.package for each in wrapped for frame in error_frames(each))
    first, *causes = wrapped if is_users else chain
    shown = _described(first)
    others = [_described(cause) for cause in causes]
    return {
        "kind": "error",
        **shown,
        # Libraries often raise the same words again.
        "causes": [
            cause
            for cause in others
            if (cause["type"], cause["message"]) != (shown["type"], shown["message"])
        ],
        "text": _text(first),
    }


def error_frames(error: BaseException) -> list[ErrorFrame]:
    """Return the frames of an exception, the newest first; a syntax error's place is one of them."""
    frames: list[ErrorFrame] = []
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        frames.append(_frame(error.filename, error.lineno, "", None))
    walked = list(traceback.walk_tb(error.__traceback__))[-MAX_FRAMES:]
    frames += [
        _frame(frame.f_code.co_filename, line, frame.f_code.co_name, frame.f_code)
        for frame, line in reversed(walked)
    ]
    return frames


def _described(error: BaseException) -> dict[str, Any]:
    frames = error_frames(error)
    return {
        "type": type(error).__name__,
        "message": replace_lone_surrogates(_message(error)[:4000]),
        "frames": [asdict(frame) for frame in frames if not frame.package],
        "others": [asdict(frame) for frame in frames if frame.package],
        "notes": [str(note)[:1000] for note in getattr(error, "__notes__", ())][:10],
    }


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # the user's own class, whose __str__ may even call exit()
        return ""


def _text(error: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(error))
    except BaseException:  # the same
        text = type(error).__name__
    return replace_lone_surrogates(text[-20_000:])


def _frame(filename: str, line: int, name: str, code: CodeType | None) -> ErrorFrame:
    # Only the source that is already known, or a file of the user's: nothing is imported or run.
    lines = tuple(
        (number, replace_lone_surrogates(text.rstrip("\n")[:MAX_LINE]))
        for number in range(max(1, line - CONTEXT), line + CONTEXT + 1)
        if (text := linecache.getline(filename, number))
    )
    shown_name = "" if name in ("<module>", "<lambda>") else name
    return ErrorFrame(_place(filename), line, shown_name, _package(filename), lines)


def _package(filename: str) -> str:
    """Return the library a file belongs to; empty for the user's own files and cells."""
    if filename == "<template>":
        return "jinja2"  # the code that it makes of a template
    parts = Path(filename).parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return parts[parts.index(folder) + 1].removesuffix(".py")
    if len(parts) > 1 and not Path(filename).is_absolute() and not Path(filename).exists():
        return parts[0]  # a compiled library names its source as it was where it was built
    if filename.startswith(_OURS):
        return "kaizen_widgets"
    if filename.startswith("<frozen") or (
        filename.startswith(_LIBRARIES) and "ipykernel_" not in filename
    ):
        return "Python"
    return ""


def _place(filename: str) -> str:
    cell = _cell(filename)
    if cell:
        return cell
    path = Path(filename)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(Path(*path.parts[-3:])) if len(path.parts) > 3 else filename


def _cell(filename: str) -> str:
    """Return the cell that IPython compiled under this name, such as ``Cell [7]``; else nothing."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    names = getattr(getattr(shell, "compile", None), "_filename_map", {})
    number = names.get(filename)
    if isinstance(number, int):
        return f"Cell [{number}]"
    return "Cell" if "ipykernel_" in filename or filename.startswith("<ipython-input") else ""
