"""What the title menu shows of pipelines, and reads from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kaizen_widgets.api import Pipeline
from kaizen_widgets.displays.formats import format_time_ago
from kaizen_widgets.errors import FileFormatError
from kaizen_widgets.graph import Graph

TIMEOUT = 30.0
"""Seconds to wait for the server."""


def pipeline_entries(pipelines: list[Pipeline]) -> list[Mapping[str, str]]:
    """Return what the menu shows of pipelines, those changed last first."""
    never = datetime.min.replace(tzinfo=UTC)
    known = [one for one in pipelines if one.status != "archived"]
    known.sort(key=lambda one: one.updated_at or one.created_at or never, reverse=True)
    now = datetime.now(UTC)
    return [
        {
            "id": one.id,
            "name": one.name,
            "detail": format_time_ago(one.updated_at, now) if one.updated_at else "",
        }
        for one in known
    ]


def graph_of_file(text: str) -> Graph:
    """Read a graph from the text of a file: React Flow's, Langflow's or Flowise's.

    Raises:
        FileFormatError: It is not JSON, or has no graph.
        GraphError: Its elements do not form a valid graph.
    """
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"The file is not JSON: {error}.") from None
    if not isinstance(content, Mapping):
        raise FileFormatError("The file has no graph: its JSON is not an object.")
    return Graph.from_json(content)
