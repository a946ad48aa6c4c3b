"""Gateways, and agents deployed to them."""
