"""Column describes a column of a `DataGrid`: where its values are, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from kaizen_widgets.displays.refusal import refusal_of

Format = Literal[
    "auto", "title", "text", "number", "money", "seconds", "percent", "bytes", "date", "id", "status",
    "bool", "switch", "code",
]  # fmt: skip
Tone = Literal["good", "bad", "warn", "accent", "muted"]
RIGHT: Final = frozenset({"number", "money", "seconds", "percent", "bytes"})
"""Formats whose values are numbers, aligned at the right."""


@dataclass(frozen=True)
class Column:
    """A column of a `DataGrid`.

    Args:
        name: Field of the records; also the column's name in `DataGrid.sort`.
        label: Heading; by default made from the name.
        format: How values are shown. ``auto`` decides from the name and the values. ``title`` is the
            row's name in bold, ``seconds`` a duration, ``percent`` a fraction of 0 to 1, ``money`` dollars,
            ``date`` a time relative to now, ``id`` the first eight characters with a button to copy all,
            ``status`` a word with a colored dot, ``switch`` a toggle that calls ``on_action`` callbacks with
            the column's name, ``code`` monospaced.
        align: ``left`` or ``right``; by default numbers are at the right.
        value: Function of the record; by default the field ``name`` is read.
        mark: Field whose word is an icon before the value: the state of a run's node, for example.
        second: Field shown in a second line under the value.
        tones: Color of each status, by its word: good, bad, warn, accent or muted.
        is_hidden: Whether the column is shown only after the user chose it in the columns menu.
        is_filter: Whether the header has a menu that shows only rows with one of the column's values.
        is_sortable: Whether the heading sorts.
        is_enabled: Of a switch: called with a record; on False the switch cannot be pressed there.
        reason: Why it cannot be pressed, shown as a tooltip: a text, or a function of the record.

    Raises:
        ValueError: There is no such format, alignment or tone.
    """

    name: str
    label: str | None = None
    format: Format = "auto"
    align: Literal["left", "right"] | None = None
    value: Callable[[Any], Any] | None = None
    mark: str | None = None
    second: str | None = None
    tones: Mapping[str, Tone] = field(default_factory=dict)
    is_hidden: bool = False
    is_filter: bool = False
    is_sortable: bool = True
    is_enabled: Callable[[Any], bool] | None = None
    reason: str | Callable[[Any], str] = ""

    def __post_init__(self) -> None:
        for word, allowed in (
            (self.format, get_args(Format)),
            (self.align, ("left", "right", None)),
        ):
            if word not in allowed:
                choices = ", ".join(map(str, filter(None, allowed)))
                raise ValueError(f"A column cannot be {word!r}; choose {choices}.")
        for tone in self.tones.values():
            if tone not in get_args(Tone):
                raise ValueError(f"There is no tone {tone!r}; choose {', '.join(get_args(Tone))}.")

    def refusal(self, record: Any) -> str | None:
        """Return why the switch of a record cannot be pressed; None if it can."""
        return refusal_of(self.is_enabled, self.reason, record)

    @property
    def heading(self) -> str:
        """The label, or the name in words: ``created_at`` becomes ``Created``."""
        if self.label is not None:
            return self.label
        words = self.name.replace("_", " ").replace(".", " ").strip()
        for prefix in ("is ", "has "):
            words = words.removeprefix(prefix)
        for suffix in (" at", " seconds", " bytes"):
            words = words.removesuffix(suffix) or words
        return words[:1].upper() + words[1:]
