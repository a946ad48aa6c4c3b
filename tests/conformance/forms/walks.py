"""Random walks through a form, in the scenarios' vocabulary.

They go where the recorded cases go, with other forms, values and orders. Left out is what the README calls
accidents of the original, and what comes of them later: dirty flags that were kept and heal themselves,
values kept while their defaults are given, flags that stay by index when rows are replaced, errors that wait
while their row moves.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from kaizen_widgets.forms.paths import parse, pattern, put

Step: TypeAlias = dict[str, Any]

MODES = ("onSubmit", "onBlur", "onChange", "onTouched", "all")
DELAYS = (0, 30, 60, 100, 150, 300)
KEEPS = ("keepErrors", "keepTouched", "keepDefaultValues", "keepIsSubmitted", "keepSubmitCount")
RESET_FIELD_KEEPS = ("keepTouched", "keepError")
UNREGISTER_KEEPS = ("keepError", "keepTouched")
OTHER_FORMS = ("mode", "reValidateMode", "criteriaMode", "delay", "delayError", "deps")


class Walks:
    """Makes scenarios out of the forms and values of recorded ones.

    Args:
        cases: The recorded cases.
        seed: The same seed makes the same walks.
    """

    def __init__(self, cases: Sequence[Mapping[str, Any]], seed: int) -> None:
        self._random = random.Random(seed)
        self._forms: dict[str, dict[str, Any]] = {}
        self._values: dict[str, dict[str, list[Any]]] = {}
        for case in cases:
            form = case["scenario"]["form"]
            kind = " ".join(sorted(form["defaultValues"]))
            self._forms.setdefault(kind, {key: form[key] for key in form if key not in OTHER_FORMS})
            for step in case["scenario"]["steps"]:
                if step["op"] == "change":
                    seen = self._values.setdefault(kind, {}).setdefault(pattern(step["name"]), [])
                    if step["value"] not in seen:
                        seen.append(step["value"])

    def walk(self) -> dict[str, Any]:
        """Return one scenario."""
        kind = self._random.choice(sorted(self._forms))
        return _Walk(self._random, self._forms[kind], self._values[kind]).scenario()


class _Walk:
    def __init__(
        self, chance: random.Random, form: Mapping[str, Any], values: Mapping[str, list[Any]]
    ) -> None:
        self._random = chance
        self._values = values
        self._form = copy.deepcopy(dict(form))
        self._array: str | None = next(iter(form.get("arrays", [])), None)
        self._rows = self._rows_of(self._form["defaultValues"])
        self._is_slow = self._array is None and chance.random() < 0.5
        self._watches = False
        self._set_up()

    def scenario(self) -> dict[str, Any]:
        steps: list[Step] = [{"op": "start"}]
        for _ in range(self._random.randint(8, 25)):
            waits = self._is_slow or "delayError" in self._form
            if waits and self._random.random() < 0.3:
                steps.append({"op": "advance", "ms": self._random.choice((5, *DELAYS[1:]))})
                continue
            makers, weights = zip(*self._steps(), strict=True)
            made = self._random.choices(makers, weights)[0]()
            if made is not None:
                steps.append(made)
        return {"form": self._form, "steps": steps}

    def _set_up(self) -> None:
        form, chance = self._form, self._random
        form["mode"] = chance.choice(MODES)
        if chance.random() < 0.5:
            form["reValidateMode"] = chance.choice(MODES[:3])
        if chance.random() < 0.2:
            form["criteriaMode"] = "all"
        if self._array is None and chance.random() < 0.2:
            form["delayError"] = chance.choice((100, 400))
        if self._array is None and chance.random() < 0.2:
            name, other = chance.sample(form["fields"], 2)
            form["deps"] = {name: [other]}
        if self._is_slow:
            name = chance.choice(form["fields"])
            texts = [value for value in self._values.get(name, []) if isinstance(value, str)]
            form["delay"] = {
                "field": name,
                "byValue": {text: chance.choice(DELAYS) for text in texts},
                "default": chance.choice((0, 60)),
            }

    def _steps(self) -> list[tuple[Callable[[], Step | None], int]]:
        return [
            (self._change, 30),
            (self._blur, 13),
            (self._submit, 8),
            (self._trigger, 6),
            (self._set_value, 6),
            (self._reset_field, 3),
            (self._reset, 3),
            (lambda: {"op": "setError", "name": self._name(), "error": _ERROR}, 3),
            (lambda: {"op": "clearErrors", "name": self._name()}, 1),
            (lambda: {"op": "clearErrors", "name": sorted({self._name(), self._name()})}, 1),
            (lambda: {"op": "clearErrors"}, 1),
            (self._watch, 2),
            *([(self._rearrange, 25)] if self._array else []),
            *([] if self._array else [(self._unregister, 1), (self._reset_to_defaults, 1)]),
        ]

    # --------------------------------------------------------------- choices

    def _name(self) -> str:
        if self._array and self._rows and self._random.random() < 0.6:
            row = self._random.randrange(self._rows)
            field = self._random.choice(self._form["rowFields"][self._array])
            return f"{self._array}.{row}.{field}"
        return self._random.choice(self._form["fields"])

    def _value(self, name: str) -> Any:
        return self._random.choice(self._values.get(pattern(name)) or ["x"])

    def _row(self) -> dict[str, Any]:
        return {
            "name": self._random.choice(["", "v", "w"]),
            "qty": self._random.choice([0, 1, 2, 5, 99]),
        }

    def _rows_of(self, values: Any) -> int:
        return len(values[self._array]) if self._array else 0

    # ----------------------------------------------------------------- steps

    def _change(self) -> Step:
        name = self._name()
        return {"op": "change", "name": name, "value": self._value(name)}

    def _blur(self) -> Step:
        return {"op": "blur", "name": self._name()}

    def _submit(self) -> Step:
        name = self._random.choice([self._form["fields"][0], "root.server"])
        handlers: list[Step | None] = [
            None,
            {"kind": "ok", "result": 3},
            {"kind": "throws", "message": "no"},
            {"kind": "serverError", "errors": [{"name": name, **_ERROR}]},
        ]
        if self._array is None:
            handlers.append({"kind": "reset", "values": self._new_values()})
        handler = self._random.choice(handlers)
        if handler and self._is_slow and self._random.random() < 0.5:
            handler["delay"] = 70
        return {"op": "submit", **({"handler": handler} if handler else {})}

    def _trigger(self) -> Step:
        names = self._random.choice([None, self._name(), sorted({self._name(), self._name()})])
        return {"op": "trigger", **({"name": names} if names else {})}

    def _set_value(self) -> Step:
        name = self._name()
        options = {"shouldDirty": True}
        options |= {key: True for key in _FLAGS if self._random.random() < 0.5}
        return {"op": "setValue", "name": name, "value": self._value(name), "options": options}

    def _reset_field(self) -> Step:
        name = self._random.choice(self._form["fields"])
        options: dict[str, Any] = {
            key: True for key in RESET_FIELD_KEEPS if self._random.random() < 0.2
        }
        if self._random.random() < 0.3:
            options["defaultValue"] = self._value(name)
        return {"op": "resetField", "name": name, "options": options}

    def _reset(self) -> Step:
        values = self._new_values()
        self._rows = self._rows_of(values)
        keeps = [] if self._array else [key for key in KEEPS if self._random.random() < 0.15]
        return {"op": "reset", "values": values, "options": dict.fromkeys(keeps, True)}

    def _some_rows(self) -> Any:
        """Return one row, or several."""
        return self._random.choice([self._row(), [self._row(), self._row()]])

    def _some_of(self, rows: int) -> list[int]:
        return sorted(self._random.sample(range(rows), 2))

    def _reset_to_defaults(self) -> Step:
        keeps = [key for key in (*KEEPS, "keepValues") if self._random.random() < 0.2]
        return {"op": "reset", "options": dict.fromkeys(keeps, True)}

    def _unregister(self) -> Step:
        # The original also takes away an object that is empty then.
        names = [name for name in self._form["fields"] if "." not in name]
        options = {key: True for key in UNREGISTER_KEEPS if self._random.random() < 0.2}
        return {"op": "unregister", "name": self._random.choice(names), "options": options}

    def _watch(self) -> Step:
        if self._watches:
            self._watches = False
            return {"op": "unwatch", "id": "w"}
        self._watches = True
        return {"op": "watch", "id": "w"}

    def _new_values(self) -> Any:
        values = copy.deepcopy(self._form["defaultValues"])
        for name in self._form["fields"]:
            if self._random.random() < 0.4:
                values = put(values, parse(name), self._value(name))
        return values

    def _rearrange(self) -> Step:
        chance, rows = self._random, self._rows
        method = chance.choice(("append", "prepend", "insert", *(_OF_ROWS if rows else ())))
        index = chance.randrange(rows) if rows else 0
        args: list[Any] = {
            "append": lambda: [self._some_rows()],
            "prepend": lambda: [self._some_rows()],
            "insert": lambda: [chance.randint(0, rows), self._some_rows()],
            "remove": lambda: (
                [self._some_of(rows)] if rows > 1 and chance.random() < 0.3 else [index]
            ),
            "swap": lambda: [index, chance.randrange(rows)],
            "move": lambda: [index, chance.randrange(rows)],
            "update": lambda: [index, self._row()],
        }[method]()
        given = args[-1]
        count = len(given) if isinstance(given, list) else 1
        if method in ("append", "prepend", "insert", "remove"):
            self._rows += -count if method == "remove" else count
        return {"op": "array", "name": self._array, "method": method, "args": args}


_ERROR = {"type": "given", "message": "given"}
_FLAGS = ("shouldValidate", "shouldTouch")
_OF_ROWS = ("remove", "swap", "move", "update")
