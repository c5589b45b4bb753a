"""Resumes whose letters were once read in the wrong encoding: MÃ¼ller for Müller.

They are mended on the way to the model. What the candidate table holds stays as it is.
"""

import re
from typing import Final

# UTF-8 read as Windows-1252 or Latin-1 is a capital or accented letter with signs behind it; read
# as Mac Roman it begins with a root sign. A closing quote behind capitals (“MANHÃ”) is no mistake.
_SIGNS: Final = "\x80-\xba\xbc-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘“•–—˜š›œžŸ"
_CLOSING: Final = "»’”™"
_CONTROLS: Final = "\x80-\x84\x86-\x9f"  # of Latin-1, where Windows-1252 has quotes and dashes
_SUSPECT: Final = re.compile(  # begins with one set of characters: quick to search for
    rf"[Â-ô√{_CONTROLS}](?:(?<=[{_CONTROLS}])|(?<=√)(?:[^\s\w]|[ªºßµ])"
    rf"|(?<=[Â-ô])(?:[{_SIGNS}]|[{_CLOSING}](?=\w)))"
)


def unmangled(text: str) -> str:
    """Return the text with such letters put right; the same object where none show."""
    if text.isascii() or not _SUSPECT.search(text):
        return text
    # Loaded here, as few resumes need it. It also registers the codec `sloppy-windows-1252`.
    from ftfy import fix_encoding

    try:
        text.encode("sloppy-windows-1252").decode()
    except UnicodeError:
        lines = text.split("\n")  # only some of them were read that way
    else:
        lines = [text]
    mended = [fix_encoding(part) if _SUSPECT.search(part) else part for part in lines]
    return text if mended == lines else "\n".join(mended)
