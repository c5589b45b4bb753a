"""What a reader gives back."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Found:
    """A document's text as it was found, and by what."""

    text: str
    library: str  # with its version
    pages: int | None = None  # where the kind has pages


def ours() -> str:
    """The library of kinds that are read by code of this package."""
    try:
        return f"resume-assets {version('resume-assets')}"
    except PackageNotFoundError:  # a checkout that was not installed
        return "resume-assets"
