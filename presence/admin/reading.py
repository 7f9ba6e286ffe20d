"""Reading: what all lists of the admin have in common.

Flow: changelist -> **reading** -> rows with the names of their people; search by id and by user name.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from presence.admin import show
from presence.admin.bounded import BoundedPaginator
from presence.service.names import names_of

if TYPE_CHECKING:  # takes a type parameter in the stubs only
    AdminBase = admin.ModelAdmin[Any]
else:
    AdminBase = admin.ModelAdmin

# User names that match a search beyond so many are left out: the list of ids goes into the query.
_MOST_NAMES = 200


class NamedChangeList(ChangeList):
    """A page of rows that know their people's names: one query a page."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then the names."""
        super().get_results(request)
        rows = list(self.result_list)
        options: Any = self.model_admin
        names = names_of({getattr(row, column) for row in rows for column in options.people})
        for row in rows:
            row.names = names
        self.result_list = rows


class ReadingAdmin(AdminBase):
    """Lists rows, searches them by person, changes nothing.

    `people` names the columns that hold user ids.
    """

    people: ClassVar[tuple[str, ...]] = ("user",)
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each of them counts the whole table
    search_fields = ("user",)  # shows the search box; get_search_results does the search
    search_help_text = "A user id or its beginning, or a part of a user name"
    actions = None

    class Media:
        """Dots and badges."""

        css: ClassVar = {"all": ("presence/admin.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows names."""
        return NamedChangeList

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Model],
        search_term: str,
    ) -> tuple[QuerySet[Model], bool]:
        """Return the rows of people whose id begins with the term or whose user name holds it."""
        term = search_term.strip()
        if not term:
            return queryset, False
        accounts = ids_named(term)
        wanted = Q()
        for column in self.people:
            wanted |= Q(**{f"{column}__startswith": term}) | Q(**{f"{column}__in": accounts})
        return queryset.filter(wanted), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return that nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return that nobody changes rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return that nobody deletes rows here."""
        return False


def ids_named(part: str) -> list[str]:
    """Return the ids of accounts whose user name holds `part`, in any case."""
    model = get_user_model()
    accounts = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__icontains": part})  # noqa: SLF001 (Django documents it)
    return [str(key) for key in accounts.values_list("pk", flat=True)[:_MOST_NAMES]]


def person_of(row: Any, user: str) -> SafeString:
    """Return how `user`, one of the people of `row`, is shown; outside a list by the id alone."""
    return show.person(user, getattr(row, "names", {}).get(user, user))
