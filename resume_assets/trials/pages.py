"""A trial's page as a file, which only its user may read."""

from pathlib import Path

from resume_assets.private import private_text
from resume_assets.settings import Settings
from resume_assets.trials.report import TrialReport
from resume_assets.trials.report_page import page_of
from resume_assets.trials.results import TrialResult


def page_path(settings: Settings, key: str) -> Path:
    """Where a trial's page is kept: `<home>/trials/<key>.html`; it has ids and no values."""
    return settings.home_folder / "trials" / f"{key}.html"


def write_page(path: Path, report: TrialReport, result: TrialResult | None = None) -> None:
    """Write the page, with the values that differ where there is a `result`. Raises OSError.

    A folder that is not there is made, private; a file that is there becomes private.
    """
    private_text(path, page_of(report, result))
