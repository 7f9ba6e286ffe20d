"""Errors: what a use case may answer instead of a result.

Flow: service -> **error** -> surface -> problem document.
"""


class ServiceError(Exception):
    """Whatever a use case says no with."""


class Refused(ServiceError):  # noqa: N818 (reads as what happened, at every raise and except)
    """The request cannot be carried out as it is; nothing changed."""

    def __init__(self, field: str | None, detail: str) -> None:
        """Name the `field` at fault, if one is, and what is allowed."""
        super().__init__(detail)
        self.field = field
        self.detail = detail


class NotFound(ServiceError):  # noqa: N818 (see above)
    """Whom or what was asked for does not exist, or may not be seen: nobody can tell which."""


class Unavailable(ServiceError):  # noqa: N818 (see above)
    """A store that this needs cannot be reached; nothing is known to have changed."""

    def __init__(self, detail: str, *, retry_after: int = 2) -> None:
        """Suggest to try again in `retry_after` seconds."""
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class Limited(ServiceError):  # noqa: N818 (see above)
    """One user has asked for all that one may; nothing changed."""

    def __init__(self, detail: str, *, retry_after: float) -> None:
        """Say that it may be asked for again in `retry_after` seconds."""
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
