"""Hard pydantic models: a form must show, edit, validate and give back every one."""

from tests.conformance.models.replay import load, main, replay_case

__all__ = ["load", "main", "replay_case"]
