"""Time, the background loop, the notifier, SQLite, leases and tokens: what other packages build on."""
