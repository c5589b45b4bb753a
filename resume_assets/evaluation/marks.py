"""Known answers that are no plain value: what is known to be wrong, and what grows with time."""

import datetime
from dataclasses import dataclass

_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Not:
    """Stands for an answer of which only that is known: it is not this value.

    A record that still has the value is wrong there (missing, where the value is NULL); one that
    has another is not judged.
    """

    value: str | None


@dataclass(frozen=True, slots=True)
class Since:
    """Years from a month (`YYYY-MM`) until the record was written, as `numbers` counts them."""

    month: str

    def until(self, day: datetime.date) -> str:
        """Return the years up to that day's month, with one decimal."""
        months = (day.year - int(self.month[:4])) * _MONTHS + day.month - int(self.month[5:7])
        return f"{(months + 0.5) / _MONTHS:.1f}"
