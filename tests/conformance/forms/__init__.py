"""Replays recorded traces of React Hook Form on our `Form`."""

from tests.conformance.forms.replay import replay

__all__ = ["replay"]
