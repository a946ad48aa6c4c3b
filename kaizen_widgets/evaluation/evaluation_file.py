"""A file with the rows that an evaluation has finished, so that another one need not run them again.

Each line is JSON. The first names the format; each other one has a row's output and results under a digest of
all that they came from: the row's inputs and expected output, and the pipeline.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kaizen_widgets.core.json_codec import InexactError, decode, encode
from kaizen_widgets.errors import RunError
from kaizen_widgets.evaluation.code_digest import digest_of
from kaizen_widgets.evaluation.evaluation_row import EvaluationRow
from kaizen_widgets.evaluation.examples import Example

_HEADER = {"format": "kaizen-widgets evaluation", "version": 1}
MAX_FILE_BYTES = 1024 * 1024 * 1024
"""Size limit of a file that is read."""


class StoredRow(BaseModel):
    """One line: what came of a row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern="^[0-9a-f]{64}$")
    output: Any = None
    results: dict[str, bool | float | str] = {}
    reasons: dict[str, str] = {}
    problems: dict[str, str] = {}
    seconds: float = Field(ge=0)
    cost: float | None = Field(default=None, ge=0)
    kind: Literal["row"] = "row"


class EvaluationFile:
    """Finished rows in a file.

    Args:
        path: The file; it is created with the first row.
        pipeline: Digest of the pipeline and the evaluators; rows of another pipeline are left as they are.

    Raises:
        RunError: The file is no file of evaluations; it was not changed.
        OSError: It cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], pipeline: str) -> None:
        self.path = Path(path)
        self._pipeline = pipeline
        self._rows: dict[str, StoredRow] = {}
        self._must_begin = True
        self._ends_inside_line = False
        if self.path.exists():
            self._read()

    def find(self, example: Example) -> EvaluationRow | None:
        """Return the finished row of an example, or None.

        Raises:
            RunError: The example has a value that JSON has no form for, so that it cannot be found again.
        """
        stored = self._rows.get(self._key(example))
        if stored is None:
            return None
        return EvaluationRow(
            number=example.number,
            inputs=example.inputs,
            expected=example.expected,
            output=decode(stored.output),
            results=stored.results,
            reasons=stored.reasons,
            problems=stored.problems,
            seconds=stored.seconds,
            cost=stored.cost,
        )

    def add(self, example: Example, row: EvaluationRow) -> None:
        """Append a finished row; one that failed is left out, so that it is run again.

        Raises:
            OSError: It cannot be written.
        """
        if row.error or row.problems:
            return
        stored = StoredRow(
            key=self._key(example),
            output=encode(row.output),
            results=dict(row.results),
            reasons=dict(row.reasons),
            seconds=row.seconds,
            cost=row.cost,
        )
        lines = [_HEADER] if self._must_begin else []
        text = "".join(json.dumps(line) + "\n" for line in [*lines, stored.model_dump()])
        # A kernel that was killed may have left half a line.
        start = "\n" if self._ends_inside_line else ""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(start + text)
        self._must_begin = self._ends_inside_line = False
        self._rows[stored.key] = stored

    def _key(self, example: Example) -> str:
        try:
            parts = [self._pipeline, encode(dict(example.inputs)), encode(example.expected)]
        except InexactError as error:
            raise RunError(
                f"Row {example.number} of the table cannot be found again in a file, as it holds a value "
                f"that JSON has no form for ({error}); evaluate without a file."
            ) from None
        return digest_of(parts)

    def _read(self) -> None:
        if self.path.stat().st_size > MAX_FILE_BYTES:
            raise RunError(f"{self.path.name} is larger than {MAX_FILE_BYTES // 1024**2} MB.")
        text = self.path.read_text("utf-8", errors="replace")
        lines = text.splitlines()
        if not lines:
            return
        if _json(lines[0]) != _HEADER:
            raise RunError(
                f"{self.path.name} is no file of evaluations, and was not changed: name another one."
            )
        self._must_begin = False
        self._ends_inside_line = not text.endswith("\n")
        for line in lines[1:]:
            try:
                stored = StoredRow.model_validate_json(line, strict=True)
                decode(stored.output)
            except (ValidationError, ValueError):
                continue  # Half a line of a kernel that was killed: its row is run again.
            self._rows[stored.key] = stored


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
