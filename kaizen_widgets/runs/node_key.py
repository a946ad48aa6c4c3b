"""What the output of a node depends on: its code, its config and what arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.engines.fingerprint import Fingerprint, Fingerprinter
from kaizen_widgets.engines.preflight import PlannedNode
from kaizen_widgets.nodes import Functions, Work
from kaizen_widgets.nodes.function_kind import FunctionKind
from kaizen_widgets.nodes.kind import Kind
from kaizen_widgets.nodes.registry import BUILT_IN

INPUTS = "inputs"
_NOT_CODE = frozenset({"timeout", "request_limit", "total_tokens_limit", "cost_limit"})
"""Fields of configs that decide whether a node completes, but not with what."""


@dataclass(frozen=True)
class NodeKey:
    """What an output depends on, as fingerprints by the name of each part.

    Attributes:
        own: Parts of the node itself: its kind, label, function, agent and fields of its config.
        arrived: What arrived, by the label of its source; the run's inputs under ``inputs``.
        inexact: What can be compared by identity only, in words; empty if everything is compared by content.
    """

    own: Mapping[str, str]
    arrived: Mapping[str, str]
    inexact: str = ""
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", f"{digest_of(self.own)}-{digest_of(self.arrived)}")

    @property
    def own_digest(self) -> str:
        """The parts of the node itself, as one text."""
        return digest_of(self.own)

    def difference(self, before: NodeKey) -> str:
        """Return what changed since an earlier key, in a few words ("Prompt changed"); empty if nothing."""
        for name in (*self.own, *before.own):
            if self.own.get(name) != before.own.get(name):
                return changed(name)
        if list(self.arrived) != list(before.arrived):
            return "Edges changed"
        for name in self.arrived:
            if self.arrived[name] != before.arrived[name]:
                return changed(name.partition("\n")[0])
        return ""


def changed(name: str) -> str:
    """Return that something changed, in words for a card."""
    words = name.replace("_", " ").strip() or "It"
    return f"{words[:1].upper()}{words[1:]} changed"


def digest_of(parts: Mapping[str, str]) -> str:
    """Return named texts, in their order, as one short text."""
    text = "\0".join(f"{name}\0{part}" for name, part in parts.items())
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def key_of(work: Work, step: PlannedNode, prints: Fingerprinter) -> NodeKey:
    """Return the key of a node's work; may take long, as it reads what arrived."""
    own, inexact = _own(step, work.functions, prints)
    arrived: dict[str, str] = {}

    def add(name: str, found: Fingerprint) -> None:
        nonlocal inexact
        arrived[name] = found.digest
        inexact = inexact or found.inexact

    for item in work.inputs:
        name, count = f"{item.label}\n{item.port}\n{item.source}", 0
        while f"{name}\n{count}" in arrived:
            count += 1
        add(f"{name}\n{count}", prints.of(item.value))
    if work.is_start or not _is_known(step.kind):
        add(INPUTS, prints.of(dict(work.run_inputs)))
    return NodeKey(own, arrived, inexact)


def own_key(step: PlannedNode, functions: Functions, prints: Fingerprinter) -> NodeKey:
    """Return the key of a node of which it is not known what will arrive."""
    own, inexact = _own(step, functions, prints)
    return NodeKey(own, {}, inexact)


CalledPrints = list[tuple[Any, Fingerprint]]


def called_prints(step: PlannedNode, functions: Functions, prints: Fingerprinter) -> CalledPrints:
    """Return the functions of the notebook that a node calls, with their fingerprints."""
    return [(one, prints.of_function(one)) for one in _called(step, functions)]


def note_changes(before: CalledPrints, prints: Fingerprinter) -> bool:
    """Note what the functions of a node changed while it ran; return whether their code is the same.

    Args:
        before: The functions, with their fingerprints from before it ran.
        prints: What took these.
    """
    same = [prints.note(function, print_) for function, print_ in before]
    return all(same)


def may_call_with_approval(step: PlannedNode, functions: Functions) -> bool:
    """Return whether the model of a node may call tools that need a person's approval."""
    for each in _call_names(step):
        if functions.find_function(*each) is not None:
            continue
        if (record := functions.models.find(*each)) is not None:
            _, _, tools = functions.models.parts_of(record, getattr(step.config, "tools", ()))
            if not functions.models.approval_tools.isdisjoint(tools):
                return True
    return False


def _call_names(step: PlannedNode) -> list[tuple[str | None, ...]]:
    if step.config is None:
        return []
    workers = [(worker,) for worker in step.kind.worker_names(step.config)]
    return [step.kind.call_names(step.node, step.config), *workers]


def _called(step: PlannedNode, functions: Functions) -> Iterator[Any]:
    """Yield the functions of the notebook that a node calls."""
    kind, config = step.kind, step.config
    if config is None:
        return
    for each in _call_names(step):
        if (function := functions.find_function(*each)) is not None:
            yield function
        elif (record := functions.models.find(*each)) is not None:
            _, model, tools = functions.models.parts_of(record, getattr(config, "tools", ()))
            yield from (one for one in (model, *tools.values()) if one is not None)
    if isinstance(kind, FunctionKind):
        yield type(kind).function
    elif not _is_known(kind):
        yield type(kind)


def _own(
    step: PlannedNode, functions: Functions, prints: Fingerprinter
) -> tuple[dict[str, str], str]:
    node, kind, config = step.node, step.kind, step.config
    found: dict[str, Fingerprint] = {}
    for name in type(config).model_fields if config is not None else ():
        if name not in _NOT_CODE:
            found[name] = prints.of(getattr(config, name))
    if config is not None:
        calls = kind.call_field is not None or hasattr(kind, "problems")
        if calls:
            found |= _callee("function", kind.call_names(node, config), config, functions, prints)
        for worker in kind.worker_names(config):
            found |= _callee(str(worker), (worker,), None, functions, prints)
    found["kind"] = prints.of_function(type(kind))
    if isinstance(kind, FunctionKind):
        found["function"] = prints.of_function(type(kind).function)
    if not _is_known(kind):
        # It may call any function by its name.
        parts = {name: prints.of_function(one).digest for name, one in dict(functions).items()}
        found["functions"] = prints.of(parts)
    found["name"] = prints.of(node.label)
    inexact = next(
        (f"its {name} uses {one.inexact}" for name, one in found.items() if one.inexact), ""
    )
    return {name: one.digest for name, one in found.items()}, inexact


def _callee(
    word: str,
    names: tuple[str | None, ...],
    config: Any,
    functions: Functions,
    prints: Fingerprinter,
) -> dict[str, Fingerprint]:
    """Return the function that a node calls or the agent that it asks, as a part of its key."""
    function = functions.find_function(*names)
    if function is not None:
        return {word: prints.of_function(function)}
    record = functions.models.find(*names)
    if record is None:
        return {}
    word = "agent" if word == "function" else word
    tools = getattr(config, "tools", ())
    described, model, given = functions.models.parts_of(record, tools)
    used = [prints.of_function(one) for one in (model, *given.values()) if one is not None]
    # With approval too: what a tool did without it is no result of one that needs it.
    approval = [name in functions.models.approval_tools for name in given]
    whole = prints.of(described, list(given), approval, [one.digest for one in used])
    inexact = next((one.inexact for one in used if one.inexact), whole.inexact)
    return {word: Fingerprint(whole.digest, inexact, whole.size)}


def _is_known(kind: Kind) -> bool:
    """Return whether a kind uses nothing but its inputs, its config and what its config names."""
    return type(kind) in BUILT_IN or isinstance(kind, FunctionKind)
