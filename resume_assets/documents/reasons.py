"""Why a file could not be read, or was not imported."""

from enum import StrEnum

from resume_assets.errors import PlatformError


class Reason(StrEnum):
    """One word for programs; `TOLD` has the sentence for people."""

    # The file
    no_text = "no_text"
    garbled = "garbled"
    password = "password"  # noqa: S105 (a reason)
    broken = "broken"
    empty = "empty"
    too_large = "too_large"
    too_much = "too_much"
    other_kind = "other_kind"
    unreadable = "unreadable"
    # What is missing here
    no_converter = "no_converter"
    no_library = "no_library"
    # The candidate
    not_named = "not_named"
    no_candidate = "no_candidate"
    has_text = "has_text"
    no_file = "no_file"
    forgotten = "forgotten"
    refused = "refused"


TOLD = {
    Reason.no_text: "a scan, it seems: there are pictures of letters, and no text",
    Reason.garbled: "its letters can't be told: the file does not say what they stand for",
    Reason.password: "locked by a password",
    Reason.broken: "broken, or cut off",
    Reason.empty: "nothing in it that can be seen",
    Reason.too_large: "larger than any resume: see the limits in docs/documents.md",
    Reason.too_much: "reading it took too much time or memory",
    Reason.other_kind: "not of a resume's kind",
    Reason.unreadable: "the file can't be opened",
    Reason.no_converter: "Word's old format: needs LibreOffice (soffice) or antiword on PATH",
    Reason.no_library: "needs `pip install 'resume-assets[documents]'`",
    Reason.not_named: "not named in the CSV",
    Reason.no_candidate: "the CSV names a candidate that the table does not have",
    Reason.has_text: "its candidate has a resume already, and that one stays",
    Reason.no_file: "named in the CSV, and not among the files",
    Reason.forgotten: "of a person who is forgotten",
    Reason.refused: "the table does not take the row",
}
"""A sentence's end for each."""


class Unreadable(PlatformError):
    """A file that gives no text, with the reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(TOLD[reason])
        self.reason = reason
