"""The base of all parts of the API: database, errors, permissions, and CRUD."""
