"""Decide whether two e-mail addresses are the same account, by Unicode compatibility form and case.

``é`` can be one character or two, ``É`` is the same letter, and a zero-width space shows nothing: accounts
that differ in such things alone could not be told apart by anyone who reads them.
"""

from __future__ import annotations

import unicodedata

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that are invisible whatever their category: fillers, joiners, the empty Braille cell."""


def is_invisible(character: str) -> bool:
    """Return whether a character shows nothing: spaces, controls, format characters, fillers."""
    return (
        unicodedata.category(character) in _INVISIBLE_CATEGORIES
        or character in _INVISIBLE_LETTERS
        or "\ufe00" <= character <= "\ufe0f"  # variation selectors
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def email_identity(email: str) -> str:
    """Return the normalized form that all spellings of an address share; never raises."""
    visible = "".join(character for character in email if not is_invisible(character))
    # Folding the case can undo the normal form, so it is normalized again (Unicode, section 3.13).
    folded = unicodedata.normalize("NFKC", visible).casefold()
    return unicodedata.normalize("NFKC", folded)
