"""zustand's stores and middleware: `README.md` says what the cases hold and how to compare."""

from tests.conformance.stores.replay import replay

__all__ = ["replay"]
