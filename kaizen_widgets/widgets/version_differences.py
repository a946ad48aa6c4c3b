"""What differs between two states of a record, as values and as HTML; long texts line by line."""

from __future__ import annotations

import difflib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kaizen_widgets.displays.markup import LINE, MUTED, hint
from kaizen_widgets.displays.previews import HIDDEN, is_secret_field, preview_line

MAX_TEXT: Final = 20_000
"""Characters of a text that are compared line by line; longer ones are only said to differ."""


@dataclass(frozen=True)
class FieldDifference:
    """A field with different values.

    Attributes:
        field: Name of the field.
        before: Its earlier value; None if it had none.
        after: Its later value; None if it has none.
    """

    field: str
    before: Any
    after: Any


def field_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDifference]:
    """Return the fields whose values differ; a missing field, None and an empty text are the same."""
    names = dict.fromkeys((*before, *after))
    found = (FieldDifference(name, before.get(name), after.get(name)) for name in names)
    return [each for each in found if (each.before or None) != (each.after or None)]


def differences_html(differences: list[FieldDifference], before: str, after: str) -> str:
    """Return differences as a table.

    Args:
        differences: The differences.
        before: Heading of the earlier values.
        after: Heading of the later values.
    """
    if not differences:
        return hint(f"{before} and {after} are the same.")
    rows = "".join(map(_row, differences))
    cell = f'style="text-align: left; padding: 4px 8px; color: {MUTED}; font-weight: 500"'
    heads = "".join(
        f'<th scope="col" {cell}>{html.escape(text)}</th>' for text in ("", before, after)
    )
    return (
        '<div style="overflow-x: auto"><table style="border-collapse: collapse; width: 100%; '
        f'font-size: 13px; line-height: 1.5"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(difference: FieldDifference) -> str:
    label = difference.field.replace("_", " ")
    head = (
        f'<tr style="border-top: 1px solid {LINE}; vertical-align: top"><th scope="row" '
        f'style="text-align: left; padding: 4px 8px; color: {MUTED}; font-weight: normal; '
        f'white-space: nowrap">'
        f"{html.escape(label[:1].upper() + label[1:])}</th>"
    )
    before, after = difference.before, difference.after
    if is_secret_field(difference.field, before) or is_secret_field(difference.field, after):
        return f"{head}{_cell(HIDDEN, '')}{_cell(HIDDEN, '')}</tr>"
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        return f'{head}<td colspan="2" style="padding: 4px 8px">{_lines(before, after)}</td></tr>'
    return f"{head}{_cell(before, 'bad')}{_cell(after, 'good')}</tr>"


def _cell(value: Any, tone: str) -> str:
    text = "—" if value in (None, "") else preview_line(value, 2000)
    ground = f"background: var(--kz-{tone}-weak, transparent); " if tone else ""
    return (
        f'<td dir="auto" style="{ground}padding: 4px 8px; overflow-wrap: anywhere; max-width: 360px">'
        f"{html.escape(text)}</td>"
    )


def _lines(before: str, after: str) -> str:
    if len(before) + len(after) > MAX_TEXT:
        return hint(f"{len(before):,} and {len(after):,} characters; too long to compare here.")
    shown = []
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        mark, text = line[:1], html.escape(line[2:])
        if mark == "?":
            continue
        tag, tone = {"-": ("del", "bad"), "+": ("ins", "good")}.get(mark, ("span", ""))
        ground = f"background: var(--kz-{tone}-weak, transparent); " if tone else ""
        sign = mark if tone else "&nbsp;"
        shown.append(
            f'<div dir="auto" style="{ground}white-space: pre-wrap; overflow-wrap: anywhere">'
            f'<span aria-hidden="true">{sign} </span>'
            f'<{tag} style="text-decoration: none">{text}</{tag}></div>'
        )
    return "".join(shown)
