"""Access log: one line for each request, without its query.

Flow: uvicorn (`uvicorn.access`) -> **access log** -> the host's logging.

A stream's query may hold a token or a ticket, and what is logged is read by more people than it was sent to.
"""

import logging


def switch_on() -> None:
    """Let requests be logged, whatever level the host has set for its server's other lines."""
    logger = logging.getLogger("uvicorn.access")
    logger.setLevel(logging.INFO)
    logger.addFilter(without_query)


def without_query(record: logging.LogRecord) -> bool:
    """Cut the query off the path in a line of uvicorn's; every line is kept."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            each.partition("?")[0] if isinstance(each, str) else each for each in record.args
        )
    return True
