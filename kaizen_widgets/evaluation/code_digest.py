"""A digest of what a pipeline runs: equal only where the same code would run.

Rows that were evaluated earlier count only for the same pipeline: its nodes and edges, the functions it may
call with what those use, the agents and their models.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from kaizen_widgets.engines.fingerprint import Fingerprinter
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry


def pipeline_digest(
    graph: Graph, functions: Functions, registry: Registry, evaluators: Iterable[Any]
) -> str:
    """Return a digest of all that decides what comes of an input.

    Where a node's place is does not count. A registered function counts though no node calls it: a
    digest that differs too often costs time, one that differs too seldom gives wrong results. So it is
    never the same again where something can be compared by identity only, such as a connection.

    Args:
        graph: The pipeline.
        functions: Functions, agents and models it may call.
        registry: Node kinds; those made of a function count with its code.
        evaluators: What judges the outputs.
    """
    models = functions.models
    kinds = {node.type: registry.get(node.type) for node in graph.nodes}
    code = Fingerprinter().of(
        sorted(functions.items(), key=_name),
        sorted(models.tools.items(), key=_name),
        sorted(models.approval_tools),
        sorted(models.models.items(), key=_name),
        [(name, type(kind), getattr(kind, "function", None)) for name, kind in kinds.items()],
        list(evaluators),
    )
    nodes = [[node.id, node.type, node.parent_id, node.data] for node in graph.nodes]
    edges = [
        [edge.source, edge.target, edge.source_handle, edge.target_handle, edge.data]
        for edge in graph.edges
    ]
    agents = sorted(repr(astuple(record)) for record in models.records)
    return digest_of(
        [nodes, edges, agents, code.digest if code.is_exact else secrets.token_hex(16)]
    )


def digest_of(value: Any) -> str:
    """Return the digest of a JSON value; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _name(item: tuple[str, Any]) -> str:
    return item[0]
