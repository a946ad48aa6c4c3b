"""Pipelines and their graphs."""
