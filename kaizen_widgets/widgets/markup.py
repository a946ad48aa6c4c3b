"""The few pieces of HTML and the colours that all panels share, so that they look like one hand's.

Colours are JupyterLab's variables, which follow its theme, with a fallback for pages without them.
Every text is escaped here; nothing else in a panel writes HTML around a text of somebody else's.
"""

from __future__ import annotations

import html

ACCENT = "var(--jp-brand-color1, #1976d2)"
GOOD = "var(--jp-success-color0, #1b7f3b)"
WARN = "var(--jp-warn-color0, #9a6200)"
BAD = "var(--jp-error-color0, #c62828)"
MUTED = "var(--jp-ui-font-color2, #616161)"
LINE = "var(--jp-border-color2, #e0e0e0)"
MONO = "font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre-wrap"


def alert(text: str) -> str:
    """Return a problem, which a screen reader reads out at once."""
    return f'<span role="alert" style="color: {BAD}">{html.escape(text)}</span>'


def hint(text: str) -> str:
    """Return a quiet sentence: an empty state, what to do next."""
    return f'<p style="color: {MUTED}">{html.escape(text)}</p>'
