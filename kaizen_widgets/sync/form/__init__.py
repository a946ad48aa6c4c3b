"""The kernel's end of the form protocol."""
