"""The protocol under faults: the real kernel end, model views, a wire that lies, a virtual clock."""
