"""Numbers in words: counts, money, sizes and times, as people read them."""

_KB = 1000
_SIZES = ("bytes", "kB", "MB", "GB", "TB")
_CENT_OF_A_CENT = 0.0001
_ALMOST_ONE = 0.99995  # dollars; four places would make it 1.0000
_SIBILANTS = ("s", "x", "ch", "sh")


def counted(number: int, noun: str) -> str:
    """`1 batch`, `1,200 batches`; `noun` in the singular, its last word is the one that changes."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a regular noun."""
    if noun.endswith(_SIBILANTS):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb, or of any word, that goes with so many."""
    return one if number == 1 else many


def dollars(amount: float | None) -> str:
    """An amount of US dollars: cents are too coarse for a resume, and nothing is not $0.0000."""
    if amount is None:
        return "no price known"
    if amount < 0:
        return f"-{dollars(-amount)}" if -amount >= _CENT_OF_A_CENT else "$0"
    if amount == 0:
        return "$0"
    if amount < _CENT_OF_A_CENT:
        return f"less than ${_CENT_OF_A_CENT}"
    return f"${amount:,.2f}" if amount >= _ALMOST_ONE else f"${amount:.4f}"


def size(number: float) -> str:
    """So many bytes: `512 bytes`, `1.4 MB`; a kB is 1,000 of them."""
    for unit in _SIZES[:-1]:
        if round(number, 0 if unit == "bytes" else 1) < _KB:
            return counted(round(number), "byte") if unit == "bytes" else f"{number:,.1f} {unit}"
        number /= _KB
    return f"{number:,.1f} {_SIZES[-1]}"


def duration(seconds: float) -> str:
    """A time as people say it: `40 s`, `12 min`, `3 h 5 min`, `2 days 4 h`."""
    if round(seconds) < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"
