"""Agents, with their versions, contexts and tools."""
