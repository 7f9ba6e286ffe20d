"""What presence is: the rules, and nothing but the rules.

Flow: signal + record + now -> **domain** -> outcome (record, change).

Pure: only the standard library, no clock, no randomness, no I/O. Every instant comes in as an
argument (see `instant`), so that a whole day can be tested in a millisecond.
"""
