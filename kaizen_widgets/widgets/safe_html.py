"""HTML of others made safe: Markdown without raw HTML, and HTML without scripts, styles or remote images.

A remote image would tell its server that the result was looked at, and a language model can be talked into
writing one whose address carries data away. So images must be in the page itself, as ``data:`` addresses.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_MARKS: Final = re.compile(
    r"^#{1,6} \S|^```|^ {0,3}[-*+] \S|^ {0,3}\d{1,3}[.)] \S|^ {0,3}> |^\|.*\|\s*$"
    r"|\*\*[^*\n]+\*\*|\[[^\]\n]+\]\(https?://|`[^`\n]+`",
    re.MULTILINE,
)
_IMAGE: Final = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_DROPPED_WITH_CONTENT: Final = {"script", "style"}


def looks_like_markdown(text: str) -> bool:
    """Return whether a text has headings, lists, code, tables, links or bold words of Markdown."""
    return _MARKS.search(text) is not None


def markdown_to_html(text: str) -> str:
    """Return Markdown as HTML; raw HTML in it is shown as text, and so are images.

    Links open in a new tab, because one in a notebook would replace the notebook.
    """
    return _markdown().render(text)


def sanitize_html(markup: str) -> str | None:
    """Return HTML without anything that runs, loads or styles; None where no sanitizer is installed."""
    try:
        import nh3  # optional in Pyodide, which has no build of it
    except ImportError:
        return None

    def keep(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return value if _IMAGE.fullmatch(value) else None
        return value

    return nh3.clean(
        markup,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "data"},
        clean_content_tags=_DROPPED_WITH_CONTENT,
    )


@cache
def _markdown() -> MarkdownIt:
    # Imported when first needed, because most results are no Markdown.
    from markdown_it import MarkdownIt

    made = MarkdownIt("js-default").disable("image")
    made.add_render_rule("link_open", _link_open)
    return made


def _link_open(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("rel", "noopener noreferrer")
    return self.renderToken(tokens, index, options, env)
