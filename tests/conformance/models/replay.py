"""Replay files of cases with real forms: ``python -m tests.conformance models FILE...``.

A file is Python: `cases` beside it has the format, its `CASES` the models, each with one valid value and
edits that must be refused. For each model: does a blank form open, does a form open with the value, is the
submitted value equal (from input, and from an instance), and does the message of each invalid edit belong to
its field and to no other. Edits are made like those of a program or a panel, and then the form is submitted.

The path of an edit is one of data: aliases, positions in named tuples, keys of dicts. `Form.locate` returns
its field. An entry of a dict has two controls, its key and its value, and the message may be at either: a key
that is too short has its message at the key.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from kaizen_widgets.forms import Form
from kaizen_widgets.forms.paths import get, join, parse

_numbers = count()


@dataclass(frozen=True)
class Check:
    """The outcome of one check of a model: its name, and what is wrong, or None."""

    name: str
    difference: str | None


def main(names: Sequence[str]) -> int:
    """Replay the files of a command line, print each model and its failures, and return the exit code."""
    files = [Path(name) for name in names]
    missing = [file for file in files if not file.is_file()]
    if missing or not files:
        wanted = f"There is no {missing[0]}." if missing else "Name Python files that hold CASES."
        print(wanted, file=sys.stderr)
        return 2
    counts = [0, 0]
    for file in files:
        try:
            module = load(file)
        except Exception as error:  # the next file may be fine
            print(f"{file}: {type(error).__name__}: {error}")
            counts[1] += 1
            continue
        if not hasattr(module, "CASES"):
            print(f"{file}: there are no CASES in it.")
            counts[1] += (
                file.name != "cases.py"
            )  # the format itself, which a pattern may bring along
            continue
        for case in module.CASES:
            checks = list(replay_case(module, case))
            _print(case, checks)
            for check in checks:
                counts[check.difference is not None] += 1
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


def _print(case: Any, checks: Sequence[Check]) -> None:
    opens, messages = checks[:3], checks[3:]
    words = [f"{'' if check.difference is None else 'NOT '}{check.name}" for check in opens]
    placed = sum(check.difference is None for check in messages)
    print(f"{case.name}: {', '.join(words)}; {placed} of {len(messages)} messages in place")
    for check in checks:
        if check.difference is not None:
            print(f"    {check.name}: {check.difference}")


def load(file: Path) -> ModuleType:
    """Import a file of cases, with the `cases` beside it."""
    name = f"conformance_models_{next(_numbers)}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    had = sys.modules.pop("cases", None)
    sys.path.insert(0, str(file.resolve().parent))
    sys.modules[name] = module  # annotations are looked up there
    try:
        spec.loader.exec_module(module)
        vars(module).setdefault("cases", sys.modules.get("cases"))
    finally:
        sys.path.remove(str(file.resolve().parent))
        sys.modules.pop("cases", None)
        if had is not None:
            sys.modules["cases"] = had
    return module


def replay_case(module: ModuleType, case: Any) -> Iterator[Check]:
    """Yield every check of one case; the first three are those of its value."""
    yield Check("opens blank", _outcome(_opens_blank, case))
    yield Check("opens with a value", _outcome(_opens_with_value, case))
    yield Check("gives the value back", _outcome(_gives_back, case))
    for bad in case.bad:
        edits = ", ".join(
            f"{'.'.join(map(str, path)) or 'all'}={value!r:.40}"
            for path, value in bad.edits.items()
        )
        where = " and ".join(".".join(map(str, path)) or "the form" for path in bad.paths)
        yield Check(f"{edits} -> {where}", _outcome(_says_where, module, case, bad))


def _outcome(check: Any, *arguments: Any) -> str | None:
    try:
        return check(*arguments)
    except Exception as error:  # one broken case must not hide the others
        return f"{type(error).__name__}: {error}"


# ------------------------------------------------------------------- checks


def _opens_blank(case: Any) -> str | None:
    form = Form(case.model)
    json.dumps(form.tree.describe())
    json.dumps(form.tree.to_wire("", form.values))
    return None


def _opens_with_value(case: Any) -> str | None:
    form = Form(case.model, default_values=case.valid)
    json.dumps(form.tree.to_wire("", form.values))
    return None if not form.is_dirty else "it is dirty before any edit"


def _gives_back(case: Any) -> str | None:
    adapter = _adapter(case.model)
    expected = adapter.validate_python(case.valid)
    if (
        adapter.validate_python(case.valid) == expected
    ):  # no counter, clock or chance in its defaults
        said = _submits(Form(case.model, default_values=case.valid), expected, "what was put in")
        if said is not None:
            return said
    try:
        dumped = adapter.dump_python(expected, round_trip=True, by_alias=True, warnings=False)
        repeats = adapter.validate_python(dumped) == expected
    except ValueError:  # of an unsound default, pydantic cannot write any output
        repeats = False
    if not repeats:  # pydantic itself does not get the same from its own output
        return None
    return _submits(Form(case.model, default_values=expected), expected, "an instance")


def _submits(form: Form, expected: Any, of: str) -> str | None:
    got: list[Any] = []
    form.submit(got.append).wait(5)
    if not got:
        return f"of {of}: refused: {_said(form)}"
    if type(got[0]) is not type(expected) or got[0] != expected:
        return f"of {of}: {got[0]!r} instead of {expected!r}"
    return None


def _says_where(module: ModuleType, case: Any, bad: Any) -> str | None:
    form = Form(case.model, default_values=case.valid)
    for path, value in bad.edits.items():
        _edit(form, path, value, is_deletion=value is _deletion(module))
    got: list[Any] = []
    form.submit(got.append).wait(5)
    if got:
        return "nothing was said: it was submitted"
    said = _said(form)
    left = dict(said)
    for path in bad.paths:
        names = _names(form, path)
        here = [name for name in names if name in left]
        if not here:
            return f"nothing at {' or '.join(names) or 'the form'}; there is {said}"
        if bad.says not in left.pop(here[0]):
            return f"at {here[0]}: {said[here[0]]!r} does not say {bad.says!r}"
    return f"more than was due: {left}" if left else None


def _deletion(module: ModuleType) -> object:
    """Return the marker of a file for an item to delete."""
    known = getattr(module, "DELETE", None)
    return getattr(module.cases, "DELETE", None) if known is None else known


def _edit(form: Form, path: tuple[str | int, ...], value: Any, *, is_deletion: bool) -> None:
    name = form.locate(path)
    if name is not None and is_deletion:
        _delete(form, parse(name))
    elif name is not None:
        form.set_value(name, value, should_dirty=True, should_touch=True)
    else:  # a new key: of a dict, one more row; of an object, an input its model may forbid
        parent = form.locate(path[:-1])
        had = get(form.values, parse(parent or ""))
        if isinstance(had, list):
            form.rows(parent or "").append([[path[-1], value]])
        else:
            form.set_value(parent or "", {**had, path[-1]: value})


def _delete(form: Form, way: tuple[str | int, ...]) -> None:
    """Remove a field or a row; of a dict, the whole entry of a value."""
    if isinstance(get(form.values, way[:-2]), list) and isinstance(
        get(form.values, way[:-1]), list
    ):
        way = way[:-1] if way[-1] == 1 and isinstance(way[-2], int) else way
    if isinstance(way[-1], int):
        form.rows(way[:-1]).remove(way[-1])
    else:
        form.unregister(way)


def _said(form: Form) -> dict[str, str]:
    return {name.removesuffix(".root"): error.message for name, error in form.errors.items()}


def _names(form: Form, path: tuple[str | int, ...]) -> list[str]:
    name = form.locate(path)
    if name is None:
        return [join(path)]
    way = parse(name)
    row = get(form.values, way[:-1]) if way else None
    names = [name]
    located_above = form.locate(path[:-1]) if path else None
    if (
        located_above is not None
        and len(way) == len(parse(located_above)) + 2
        and isinstance(row, list)
    ):
        names.append(join((*way[:-1], 0)))  # the key of the entry
    return names


def _adapter(model: Any) -> TypeAdapter[Any]:
    return model if isinstance(model, TypeAdapter) else TypeAdapter(model)
