"""Ending: whether the task that asks has been told to end.

Flow: wiring.close -> cancel -> **ending** -> the loops that run as long as the process.

Python 3.11's `asyncio.wait_for` loses a cancellation that comes together with the result, and redis-py
sends every command through it. A loop that only awaited would then run on and hold up the end for ever.
"""

import asyncio


def is_ending() -> bool:
    """Return whether somebody has cancelled the running task, heard or not."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
