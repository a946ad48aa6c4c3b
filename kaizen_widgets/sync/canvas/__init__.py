"""The kernel's end of the canvas protocol (see SPEC.md)."""
