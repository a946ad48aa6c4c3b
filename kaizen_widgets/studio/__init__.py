"""The studio, which puts all other packages together."""

from kaizen_widgets.studio.studio import Studio

__all__ = ["Studio"]
