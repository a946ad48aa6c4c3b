"""Accounts, sign-ins, users, teams and policies, and the check each request passes."""
