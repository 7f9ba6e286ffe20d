"""`manage.py presence_partitions`: make the coming months' partitions, and drop what is too old.

Flow: cron, operator -> **this** -> history.partitions.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from presence.history import partitions


class Command(BaseCommand):
    """Makes months ahead; drops old ones only when told how many to keep."""

    help = "Make the partitions of the coming months; with --keep, drop older ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the two numbers."""
        parser.add_argument("--ahead", type=int, default=3, help="months to make ahead (default 3)")
        parser.add_argument(
            "--keep",
            type=int,
            help="full months to keep besides the present one; older ones are dropped",
        )

    def handle(self, *, ahead: int, keep: int | None, **options: Any) -> None:
        """Do it and say what was done; strays are an exit code of 1, for cron to report."""
        if ahead < 0 or (keep is not None and keep < 1):
            raise CommandError("--ahead is at least 0 and --keep at least 1")
        try:
            report = partitions.ensure(months_ahead=ahead)
            dropped = () if keep is None else partitions.drop_older_than(keep)
        except partitions.PartitionsBusyError as error:
            raise CommandError(f"the tables are busy, try again later: {error}") from error
        self.stdout.write(f"made: {', '.join(report.created) or 'nothing, all are there'}")
        if keep is not None:
            self.stdout.write(f"dropped: {', '.join(dropped) or 'nothing, none is that old'}")
        if report.strays:
            raise CommandError(
                f"{report.strays} transitions are in no month's partition: a clock is or was wrong"
            )
