"""Users, teams, policies and sign-in of the embedded API."""
