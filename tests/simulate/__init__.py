"""Simulates the canvas protocol with faults: real kernel end, model views, lossy connections, fake time."""
