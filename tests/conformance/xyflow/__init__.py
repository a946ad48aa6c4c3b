"""React Flow's functions: `README.md` says what the cases hold and how to compare."""

from tests.conformance.xyflow.replay import replay

__all__ = ["replay"]
