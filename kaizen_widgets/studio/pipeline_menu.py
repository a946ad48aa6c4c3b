"""What the title menu does with pipelines: rename, duplicate, archive, import and export them.

Every function takes the studio and does what its name says, or raises a `KaizenError` that says why not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kaizen_widgets.api import Pipeline
from kaizen_widgets.displays.formats import format_time_ago
from kaizen_widgets.errors import FileFormatError, StoreError
from kaizen_widgets.graph import Graph

if TYPE_CHECKING:
    from kaizen_widgets.studio.studio import Studio

TIMEOUT = 30.0
"""Seconds to wait for the server."""
MAX_NAME = 1000


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


def check_name(studio: Studio, name: str) -> str:
    """Return a name for a pipeline without the spaces around it.

    Raises:
        StoreError: It is empty, too long, or another pipeline's.
    """
    name = name.strip()
    if not name:
        raise StoreError("A pipeline needs a name.", store="canvas")
    if len(name) > MAX_NAME:
        raise StoreError(
            f"A name has at most {MAX_NAME} characters, not {len(name)}.", store="canvas"
        )
    found: list[Pipeline] = studio.pipelines.list().refetch().wait(TIMEOUT)
    open_id = studio.store.pipeline_id
    if any(one.name == name and one.id != open_id and one.status != "archived" for one in found):
        raise StoreError(
            f"There is already a pipeline {name!r}: choose another name.", store="canvas"
        )
    return name


def free_name(studio: Studio, name: str) -> str:
    """Return a name like this that no pipeline has: ``name``, ``name 2``, ``name 3``, ..."""
    found: list[Pipeline] = studio.pipelines.list().refetch().wait(TIMEOUT)
    taken = {one.name for one in found}
    number, wanted = 2, name
    while wanted in taken:
        wanted, number = f"{name} {number}", number + 1
    return wanted


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
