"""Fields: the columns that several tables share, and their Python values.

Flow: domain value <-> **field** <-> column.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler

from presence.domain.ids import MAX_USER_LENGTH, check_user
from presence.domain.status import Device

if TYPE_CHECKING:  # Django's fields take type parameters in the stubs only
    TextBase = models.CharField[str, str]
    DevicesBase = models.Field[Iterable[Device], tuple[Device, ...]]
else:
    TextBase = models.CharField
    DevicesBase = models.Field


def validate_user(text: str) -> None:
    """Refuse what cannot name a user; raises Django's ValidationError."""
    try:
        check_user(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


class UserIdField(TextBase):
    """Names a user.

    Collated "C": ids are compared, never sorted for people, byte order is the order in which Python sorts
    them too (writers lock rows in it), and a prefix search can use the ordinary index.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take CharField's options."""
        kwargs.setdefault("max_length", MAX_USER_LENGTH)
        kwargs.setdefault("db_collation", "C")
        kwargs.setdefault("validators", [validate_user])
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002  (Django's signature)
        """Return the column's type.

        In full and not `varchar`, for which Django would add a second index to every unique column, for
        LIKE under collations other than "C".
        """
        return f"character varying({self.max_length})"


@UserIdField.register_lookup
class IsAnyOf(In):
    """`user__in=ids` with all ids as one array: with a placeholder each, reading the SQL takes longer than Postgres.

    200 viewers with 200 contacts each are 40,000 ids in a query.
    """

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Sequence[Any]]:
        """Return the comparison; a subquery is left as it is."""
        if not self.rhs_is_direct_value():
            return super().as_sql(compiler, connection)
        ids = list({each for each in self.rhs if each is not None})
        if not ids:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, ids]


class DevicesField(DevicesBase):
    """Holds kinds of devices, most telling first, as `text[]`.

    Not `ArrayField`: it belongs to django.contrib.postgres, which a host would have to install for it.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002  (Django's signature)
        """Return the column's type."""
        return "text[]"

    def from_db_value(self, value: list[str] | None, *_: object) -> tuple[Device, ...]:
        """Return the devices; a kind that this version does not know reads as `other`."""
        return devices_from(value or ())

    def get_prep_value(self, value: Iterable[str] | None) -> list[str]:
        """Return what Postgres stores."""
        return [str(device) for device in value or ()]

    def to_python(self, value: str | Iterable[str] | None) -> tuple[Device, ...]:
        """Return the devices that serialized data or a form gives."""
        texts = value.split(",") if isinstance(value, str) else value or ()
        return devices_from(text for text in texts if text)


def devices_from(texts: Iterable[str]) -> tuple[Device, ...]:
    """Return the devices that `texts` name; a kind that this version does not know is `other`."""
    known = {device.value for device in Device}
    return tuple(Device(text) if text in known else Device.OTHER for text in texts)


def choices_of(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Return Django's choices for a domain enumeration."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in kind]


def is_one_of(column: str, kind: type[StrEnum], *, table: str) -> models.CheckConstraint:
    """Return the constraint that keeps `column` within `kind`, named after both."""
    values = [member.value for member in kind]
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": values}), name=f"presence_{table}_{column}_known"
    )
