"""What every part of the API is built on: the database, errors, permissions, and one CRUD shape."""
