"""A canary token goes through all a user does, and must turn up nowhere they could share by accident."""
