"""HTML snippets and colors used by all panels.

Colors are those of `js/src/tokens.css`, which follow JupyterLab's theme; outside of panels JupyterLab's own.
Text from outside is escaped before it is put into HTML.
"""

from __future__ import annotations

import html

ACCENT = "var(--kz-accent, var(--jp-brand-color1, #1976d2))"
GOOD = "var(--kz-good, var(--jp-success-color0, #1b7f3b))"
WARN = "var(--kz-warn, var(--jp-warn-color0, #9a6200))"
BAD = "var(--kz-bad, var(--jp-error-color0, #c62828))"
MUTED = "var(--kz-muted, var(--jp-ui-font-color2, #616161))"
LINE = "var(--kz-line, var(--jp-border-color2, #e0e0e0))"
_LINES = "display: inline-block; line-height: 18px; padding: 5px 0"
"""The height of a button beside it for one line, and of a paragraph for more."""
MONO = "font-family: var(--kz-mono, monospace); font-size: 12px; white-space: pre-wrap"


def alert(text: str) -> str:
    """Return an error message, which a screen reader reads immediately."""
    return f'<span role="alert" style="color: {BAD}; {_LINES}">{html.escape(text)}</span>'


def heading(text: str) -> str:
    """Return the heading of a panel."""
    return f'<h3 style="margin: 0; font-size: 15px; font-weight: 600">{html.escape(text)}</h3>'


def note(text: str, color: str = MUTED) -> str:
    """Return a status message, which a screen reader reads when it is idle."""
    return f'<span role="status" style="color: {color}; {_LINES}">{html.escape(text)}</span>'


def hint(text: str) -> str:
    """Return a muted sentence, for an empty state or a next step."""
    return f'<p style="color: {MUTED}">{html.escape(text)}</p>'


def badge(text: str, color: str = MUTED, *, title: str = "") -> str:
    """Return one or two words in a small frame, such as "stale" or "offline"."""
    tip = f' title="{html.escape(title)}"' if title else ""
    return (
        f'<span{tip} style="color: {color}; border: 1px solid currentColor; border-radius: 9px; '
        f"padding: 0 8px; font-size: 11px; line-height: 16px; display: inline-block; "
        f'white-space: nowrap">{html.escape(text)}</span>'
    )


def skeleton(rows: int = 3) -> str:
    """Return a placeholder for content that is loading."""
    widths = (92, 78, 85, 64)
    lines = "".join(
        f'<div class="kaizen-pulse" style="background: {LINE}; border-radius: 4px; height: 12px; '
        f'margin: 10px 0; width: {widths[row % len(widths)]}%"></div>'
        for row in range(rows)
    )
    return f'{MOTION}<div role="status" aria-label="Loading">{lines}</div>'


def quiet_bar(busy: bool) -> str:
    """Return a thin animated line, of the same height when it is not busy."""
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
"""Animations; every name begins with ``kaizen-``, because styles apply to the whole page."""
