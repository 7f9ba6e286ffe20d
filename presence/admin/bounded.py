"""Bounded: a paginator that never counts a table of millions.

Flow: changelist -> **bounded paginator** -> at most `MOST` rows looked at.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

# 100 pages. Whoever looks for something older has to filter: an OFFSET of millions reads all it skips.
MOST = 10_000

if TYPE_CHECKING:  # takes a type parameter in the stubs only
    PaginatorBase = Paginator[Any]
else:
    PaginatorBase = Paginator


class BoundedPaginator(PaginatorBase):
    """Counts to `MOST` and stops: counting and paging cost the same however long the table is."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, `MOST` at most. Needs a queryset."""
        rows: Any = self.object_list
        return int(rows[:MOST].count())
