"""The kernel's ends of the two protocols, for canvases and for forms, and what they share (see SPEC.md)."""
