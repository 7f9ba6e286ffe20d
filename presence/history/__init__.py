"""What was, in Postgres: every transition, and what others last saw of each user.

Flow: the change log -> **history** -> last seen, timelines, the admin.

Knows nothing of the live store, of fan-out, or of who may see what.
"""
