"""A canary token is used in everything a user does and must not appear where it could be shared."""
