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
_LINES = "display: inline-block; line-height: 18px; padding: 5px 0"
"""As high as a button beside it, and still a paragraph where there is more than a line to say."""
MONO = "font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre-wrap"


def alert(text: str) -> str:
    """Return a problem, which a screen reader reads out at once."""
    return f'<span role="alert" style="color: {BAD}; {_LINES}">{html.escape(text)}</span>'


def heading(text: str) -> str:
    """Return the name of a panel."""
    return f'<h3 style="margin: 0; font-size: 15px; font-weight: 600">{html.escape(text)}</h3>'


def note(text: str, color: str = MUTED) -> str:
    """Return how something went, which a screen reader says when it has time."""
    return f'<span role="status" style="color: {color}; {_LINES}">{html.escape(text)}</span>'


def hint(text: str) -> str:
    """Return a quiet sentence: an empty state, what to do next."""
    return f'<p style="color: {MUTED}">{html.escape(text)}</p>'


def badge(text: str, color: str = MUTED, *, title: str = "") -> str:
    """Return a word or two in a small frame: stale, offline."""
    tip = f' title="{html.escape(title)}"' if title else ""
    return (
        f'<span{tip} style="color: {color}; border: 1px solid currentColor; border-radius: 9px; '
        f"padding: 0 8px; font-size: 11px; line-height: 16px; display: inline-block; "
        f'white-space: nowrap">{html.escape(text)}</span>'
    )


def skeleton(rows: int = 3) -> str:
    """Return the shape of what is not there yet."""
    widths = (92, 78, 85, 64)
    lines = "".join(
        f'<div class="kaizen-pulse" style="background: {LINE}; border-radius: 4px; height: 12px; '
        f'margin: 10px 0; width: {widths[row % len(widths)]}%"></div>'
        for row in range(rows)
    )
    return f'{MOTION}<div role="status" aria-label="Loading">{lines}</div>'


def quiet_bar(busy: bool) -> str:
    """Return a thin line that moves while something goes on; it takes the same room when nothing does."""
    moving = f'<div class="kaizen-slide" style="background: {ACCENT}"></div>' if busy else ""
    return f'{MOTION}<div class="kaizen-bar" aria-hidden="true">{moving}</div>'


MOTION = """<style>
.kaizen-bar { height: 2px; overflow: hidden; position: relative }
.kaizen-slide { height: 100%; position: absolute; width: 30%; animation: kaizen-slide 1.2s infinite }
.kaizen-pulse { animation: kaizen-pulse 1.4s ease-in-out infinite }
@keyframes kaizen-slide { from { left: -30% } to { left: 100% } }
@keyframes kaizen-pulse { 50% { opacity: 0.4 } }
@media (prefers-reduced-motion: reduce) { .kaizen-slide, .kaizen-pulse { animation-duration: 6s } }
</style>"""
"""What moves; every name begins with ``kaizen-``, because styles are the whole page's."""
