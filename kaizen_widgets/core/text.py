"""Small helpers for text: names in messages, and text that can be sent to a browser."""

from __future__ import annotations

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def replace_lone_surrogates(text: str) -> str:
    """Return ``text`` with each half of a surrogate pair replaced by U+FFFD.

    Such text comes from file names that are not UTF-8, from ``json.loads``, and from language models that
    stream characters in pieces. It cannot be encoded in a message to the browser.
    """
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def quoted(name: str) -> str:
    """Return a name in double quotes, as a user would type it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
