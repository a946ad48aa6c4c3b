"""The build hook: a wheel, an sdist and an editable install are built with the JavaScript bundle.

It asks for Node as a build dependency only where the machine has none and something must be built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))  # hatch loads this file by its path alone

import bundle


class BundleHook(BuildHookInterface):
    """Builds js/ into kaizen_widgets/static before files are gathered."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build environment needs beyond hatchling."""
        needs_node = not bundle.is_fresh() and bundle.find_node() is None
        return [bundle.NODE_REQUIREMENT] if needs_node else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, or stop the packaging with one sentence."""
        try:
            bundle.build()
        except bundle.BundleError as error:
            raise SystemExit(f"kaizen-widgets: {error}") from None
