"""Presence: who is reachable right now, and when was everybody else last here."""
