"""From a record to a JSON Resume document; nothing of the record is lost, and nothing invented.

What the schema has no place for, or does not take as it is, stands under `meta.resume_assets` by
the name of its column.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from resume_assets.database.candidates import PROCESSED, USERID
from resume_assets.exports.jsonresume import values
from resume_assets.exports.jsonresume.schema import ADDRESS, VERSION
from resume_assets.extraction.candidate import PREFIXES

OURS = "resume_assets"
"""Our own part of a document's `meta`."""

_GROUPS = {
    "Software languages": (
        "PrimarySoftwareLanguage",
        "SecondarySoftwareLanguage",
        "TertiarySoftwareLanguage",
    ),
    "Software": tuple(f"SoftwareApp{number}" for number in range(1, 6)),
    "Hardware": tuple(f"Hardware{number}" for number in range(1, 6)),
}
_SKILLS = tuple(f"Skill{number}" for number in range(1, 11))


def document(record: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a record: column -> value, with `userid` and `LastProcessed`."""
    found = _Document(record)
    parts: dict[str, Any] = {
        "$schema": ADDRESS,
        "basics": found.basics(),
        "work": found.work(),
        "education": found.education(),
        "certificates": found.certificates(),
        "skills": found.skills(),
    }
    parts = {name: part for name, part in parts.items() if part}
    parts["meta"] = found.meta()
    return parts


class _Document:
    """Takes values out of a record; what nobody took is left for `meta`."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.left = {
            column: value for column, value in record.items() if values.text(value) is not None
        }
        self.userid = self.left.pop(USERID, None)

    def basics(self) -> dict[str, Any]:
        names = self._texts("FirstName", "MiddleName", "LastName")
        location = _filled(
            address=self._text("Address"), city=self._text("City"), region=self._text("State")
        )
        return _filled(
            name=" ".join(names),
            label=self._text("PrimaryTitle"),
            email=self._take("Email", values.email),
            phone=self._text("Phone1"),
            summary=self._text("Summary"),
            location=location,
            profiles=self._profiles(),
        )

    def work(self) -> list[dict[str, Any]]:
        """Newest first, as the columns are. No `endDate` stands for the present, as usual."""
        found = []
        for prefix in PREFIXES:
            position = _filled(
                name=self._text(f"{prefix}Company"),
                location=self._text(f"{prefix}Location"),
                startDate=self._take(f"{prefix}StartDate", values.day),
                endDate=self._take(f"{prefix}EndDate", values.day),
            )
            if position:
                found.append(position)
        return found

    def education(self) -> list[dict[str, Any]]:
        return [{"studyType": degree} for degree in self._texts("Masters", "Bachelors")]

    def certificates(self) -> list[dict[str, Any]]:
        told = self._text("Certifications") or ""
        return [{"name": name} for name in filter(None, map(str.strip, told.split(", ")))]

    def skills(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"name": skill} for skill in self._texts(*_SKILLS)]
        for name, columns in _GROUPS.items():
            if keywords := self._texts(*columns):
                found.append({"name": name, "keywords": keywords})
        return found

    def meta(self) -> dict[str, Any]:
        """When the record was written, whose it is, and all that has no place elsewhere."""
        written = self.left.get(PROCESSED)
        if isinstance(written, datetime):
            del self.left[PROCESSED]
            written = written.replace(tzinfo=None).isoformat(timespec="seconds")
        else:
            written = None
        left = {column: values.plain(value) for column, value in self.left.items()}
        ours = {"userid": values.plain(self.userid), **left}
        return _filled(version=f"v{VERSION}", lastModified=written) | {OURS: ours}

    def _profiles(self) -> list[dict[str, Any]]:
        url = self._take("Linkedin", values.address)
        if url is None:
            return []
        return [_filled(network="LinkedIn", username=values.profile_name(url), url=url)]

    def _take(self, column: str, form: Any) -> str | None:
        """The value in a form of the schema's; one that has not the form is left."""
        found: str | None = form(self.left.get(column))
        if found is not None:
            del self.left[column]
        return found

    def _text(self, column: str) -> str | None:
        return self._take(column, values.text)

    def _texts(self, *columns: str) -> list[str]:
        return [text for text in map(self._text, columns) if text is not None]


def _filled(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part}
