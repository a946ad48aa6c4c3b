"""Connectors that connect: nodes that ask a database, an API or a storage, or pass on messages.

Nothing connects by loading a pipeline: only a run does. Addresses of this machine and of private networks are
refused unless the node allows them, secrets are named and never part of a pipeline, and a function
registered under a connector's name is called in its place.
"""
