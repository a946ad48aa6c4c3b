"""Measures the peers in a Python that has them; prints JSON. Run as a file by `form_panel`."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
warnings.simplefilter("ignore")

import comm  # noqa: E402
from _form_models import Row, Rows, fastest, fifty_fields  # noqa: E402  # pyright: ignore
from comm.base_comm import BaseComm  # noqa: E402


class Counting(BaseComm):
    """A comm that counts what is sent."""

    sent = 0

    def publish_msg(self, *_args: Any, **_keys: Any) -> None:
        """Count one message."""
        Counting.sent += 1


def ipyautoui(build: Any) -> dict[str, float]:
    """Return the seconds and the comm messages of one form."""
    Counting.sent = 0
    build()
    messages = Counting.sent
    return {"seconds": fastest(build, 3), "messages": messages}


def main() -> None:
    """Measure each peer that imports; say why where one does not."""
    comm.create_comm = lambda *args, **keys: Counting(*args, **keys)
    found: dict[str, Any] = {}
    fifty = fifty_fields()
    filled = Rows().model_dump()
    try:
        from ipyautoui import AutoUi  # pyright: ignore[reportMissingImports]

        found["ipyautoui"] = {
            "50 fields": ipyautoui(lambda: AutoUi(fifty)),
            "200 rows of 3": ipyautoui(lambda: AutoUi(Rows, value=filled)),
        }
    except Exception as error:
        found["ipyautoui"] = f"{type(error).__name__}: {error}"
    try:
        from pydantic_panel import (  # pyright: ignore[reportMissingImports]
            ItemListEditor,
            PydanticModelEditor,
        )

        rows = [Row.model_validate({}) for _ in range(200)]
        found["pydantic-panel"] = {
            "50 fields": {
                # Drawn, as a page would: the editor alone makes nothing yet.
                "seconds": fastest(lambda: PydanticModelEditor(value=fifty()).get_root(), 3)
            },
            # As a field of a model it raises; the bare editor of the list does not.
            "200 rows of 3": {
                "seconds": fastest(lambda: ItemListEditor(value=rows, class_=Row).get_root(), 1)
            },
        }
    except Exception as error:
        found["pydantic-panel"] = f"{type(error).__name__}: {error}"
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
