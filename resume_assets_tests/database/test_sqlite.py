"""Times as SQLite is given them: as text, each as its own zone tells it."""

from datetime import UTC, datetime, timedelta, timezone

from resume_assets.database.sqlite import _adapted


def test_the_same_instant_in_another_zone_is_told_as_that_zone_has_it() -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    east = noon.astimezone(timezone(timedelta(hours=2)))
    assert noon == east
    assert [*map(_adapted, (noon, east, noon.replace(tzinfo=None), noon))] == [
        "2026-11-28 12:00:00.000000+00:00",
        "2026-11-28 14:00:00.000000+02:00",
        "2026-11-28 12:00:00.000000",
        "2026-11-28 12:00:00.000000+00:00",
    ]
