"""TanStack Query's core: `README.md` says what the scenarios hold and how to compare."""

from tests.conformance.query.replay import replay_case

__all__ = ["replay_case"]
