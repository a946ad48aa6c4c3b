"""Executions of agents and pipelines, and the metrics recorded from them."""
