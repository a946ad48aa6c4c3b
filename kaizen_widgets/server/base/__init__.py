"""What every route of the embedded API shares: the database, services, timestamps."""
