"""Asked: how thoroughly a claim is to be measured, and what it gives back.

Flow: command line -> **asked** -> claims -> tables.
"""

from dataclasses import dataclass

Rows = list[dict[str, str]]
Tables = dict[str, Rows]  # by the name that the page marks their place with


@dataclass(frozen=True, slots=True)
class Asked:
    """Medians are of `runs`, each `seconds` long; a trial measures a tenth as much of everything and writes nothing."""

    runs: int = 5
    seconds: float = 1.0
    is_trial: bool = False

    def scaled(self, count: int) -> int:
        """Return `count`, or a tenth of it in a trial."""
        return max(1, count // 10) if self.is_trial else count
