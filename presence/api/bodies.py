"""Bodies: what a request may say, field by field; everything else is refused by name.

Flow: parsed JSON -> **body** -> a view's validated values.

The rules of ids and texts are the domain's; these fields only translate. Types are taken literally (no
`"true"` for true), except that an id may be written as a number, because ids usually are Django's.
"""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, Generic, ParamSpec, TypeVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from presence.domain.ids import MAX_USER_LENGTH, check_user
from presence.domain.instant import Instant, format_instant, from_datetime, parse_instant
from presence.domain.message import MAX_EMOJI_LENGTH, MAX_TEXT_LENGTH, Message, check_text

E = TypeVar("E", bound=StrEnum)
P = ParamSpec("P")
T = TypeVar("T")
YEAR = 366 * 86_400_000
MAX_USERS = 1_000
# The domain's rule in OpenAPI's words: printable ASCII without blank and comma.
ID_PATTERN = r"^[!-+\--~]+$"


class Body(serializers.Serializer[Any]):
    """A JSON object that holds the declared fields and no other."""

    def __init_subclass__(cls) -> None:
        """Name the component."""
        super().__init_subclass__()
        extend_schema_serializer(component_name=cls.__name__.removesuffix("Body"))(cls)

    default_error_messages = {"invalid": "a JSON object is expected"}

    @classmethod
    def said(cls, request: Request) -> dict[str, Any]:
        """Return the checked values of what `request` says; raises ValidationError."""
        body = cls(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values, or raise every error at once."""
        unknown: dict[str, Any] = {}
        if isinstance(data, Mapping):
            known = ", ".join(self.fields)
            unknown = {
                str(name)[:64]: [f"no such field; known here: {known}"]
                for name in data
                if name not in self.fields
            }
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**unknown, **_mapping(error.detail)}) from None
        if unknown:
            raise ValidationError(unknown)
        return values


def _mapping(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


class Text(serializers.CharField):
    """A JSON string, as it is."""

    default_error_messages = {"invalid": "a string is expected"}

    def __init__(self, **options: Any) -> None:
        """Keep blanks: they may be part of a password."""
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the string."""
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class CheckedText(Text):
    """A short text without control characters, trimmed."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        """Take CharField's options; `longest` counts after trimming."""
        self.longest = longest
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        """Return the trimmed text."""
        return _checked(check_text, super().to_internal_value(data), self.longest)


@extend_schema_field(
    {
        "anyOf": [
            {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_USER_LENGTH,
                "pattern": ID_PATTERN,
            },
            {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        ],
        "example": "42",
    }
)
class UserId(serializers.Field[str, Any, str, Any]):
    """A user id; a number means the same digits."""

    def to_internal_value(self, data: Any) -> str:
        """Return the id."""
        if isinstance(data, float) and data.is_integer():
            data = int(data)  # JSON has one kind of number: 42.0 is 42
        if isinstance(data, int) and not isinstance(data, bool) and 0 <= data < 2**63:
            return str(data)
        if not isinstance(data, str):
            raise ValidationError("a user id is expected, as a string or a number")
        return _checked(check_user, data)

    def to_representation(self, value: str) -> str:
        """Return the id."""
        return value


class UserIds(serializers.ListField):
    """Up to 1,000 user ids, each kept once, in the order asked."""

    child = UserId()
    default_error_messages = {
        "not_a_list": "a list of user ids is expected",
        "max_length": "at most {max_length} user ids",
    }

    def __init__(self, **options: Any) -> None:
        """Bound the list."""
        super().__init__(max_length=MAX_USERS, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the ids without repetitions."""
        if isinstance(data, list) and len(data) > MAX_USERS:
            self.fail("max_length", max_length=MAX_USERS)
        return list(dict.fromkeys(super().to_internal_value(data)))


@extend_schema_field({"type": "string", "format": "date-time", "example": "2030-01-01T09:00:00Z"})
class FutureInstant(serializers.Field[Instant, Any, str, Any]):
    """When something ends: RFC 3339, after now and within a year."""

    def to_internal_value(self, data: Any) -> Instant:
        """Return the instant."""
        if not isinstance(data, str):
            raise ValidationError("an instant is expected, as an RFC 3339 string")
        until = _checked(parse_instant, data)
        now = from_datetime(timezone.now())
        if until <= now:
            raise ValidationError("must lie in the future")
        if until > now + YEAR:
            raise ValidationError("must lie within a year")
        return until

    def to_representation(self, value: Instant) -> str:
        """Return the instant in RFC 3339."""
        return format_instant(value)


class Choice(serializers.ChoiceField, Generic[E]):
    """One member of an enumeration of the domain."""

    def __init__(
        self, kind: type[E], *, members: Collection[E] | None = None, **options: Any
    ) -> None:
        """Allow `members`, or all of `kind`; say in the error what is allowed."""
        self.kind = kind
        members = list(kind if members is None else members)
        allowed = ", ".join(members)
        super().__init__(
            choices=[(member.value, member.name) for member in members],
            error_messages={"invalid_choice": f"must be one of {allowed}"},
            **options,
        )

    def to_internal_value(self, data: Any) -> E:
        """Return the member."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input="")
        return self.kind(super().to_internal_value(data))


class MessageBody(Body):
    """A message beside the dot."""

    text = CheckedText(longest=MAX_TEXT_LENGTH, required=False, allow_blank=True, default="")
    emoji = CheckedText(longest=MAX_EMOJI_LENGTH, required=False, allow_blank=True, default="")
    until = FutureInstant(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a message that says nothing."""
        if not (attrs["text"] or attrs["emoji"]):
            raise ValidationError(
                {"text": ["give a text or an emoji; null takes the message back"]}
            )
        return attrs

    @staticmethod
    def message(values: Mapping[str, Any] | None) -> Message | None:
        """Return the message that the validated `values` are."""
        return None if values is None else Message(**values)


def _checked(check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return check(*args, **kwargs)
    except ValueError as error:
        raise ValidationError(str(error)) from None
