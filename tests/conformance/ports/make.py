"""Write ``cases.json``: for each pair of port types the reason why they do not fit, or null.

``python -m tests.conformance.ports.make``; the browser's rule is tested with the same file.
"""

from __future__ import annotations

import json
from pathlib import Path

from kaizen_widgets.nodes.port_types import PORT_TYPES, type_problem

FILE = Path(__file__).with_name("cases.json")


def cases() -> list[dict[str, str | None]]:
    return [
        {"output": output, "input": input_, "problem": type_problem(output, input_)}
        for output in PORT_TYPES
        for input_ in PORT_TYPES
    ]


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=1) + "\n")
