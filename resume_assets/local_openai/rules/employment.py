"""The positions of a resume: which lines head a job, and what their parts are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from resume_assets.local_openai.rules.headers import Header, label_of, read_header
from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.periods import find_periods, has_year, order_key
from resume_assets.local_openai.rules.prose import read_sentence
from resume_assets.local_openai.rules.scores import company_score
from resume_assets.local_openai.rules.tables import is_job_table, read_table


@dataclass(slots=True)
class Job:
    """One position. Dates are the writer's own text."""

    company: str | None = None
    title: str | None = None
    start: str | None = None
    end: str | None = None
    location: str | None = None
    has_details: bool = False

    def order(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Its place among others: by end, then by start."""
        return order_key(self.end or self.start), order_key(self.start)


_LONGEST_HEADER: Final = 140
_MOST_JOBS: Final = 60
_MOST_LINES: Final = 600
"""Of one table, or without a line of detail between them."""
_ELSEWHERE: Final = frozenset({"education", "certifications", "other", "languages", "contact"})


def read_jobs(lines: list[Line]) -> list[Job]:
    """The positions, newest first where their dates say so, else as they stand."""
    own = [line for line in lines if line.section == "experience"]
    jobs = list(_jobs(own, dateless=True))
    if not jobs:
        rest = [line for line in lines if line.section not in _ELSEWHERE]
        jobs = list(_jobs(rest, dateless=False))
    jobs = _with_companies(jobs)
    if all(job.start or job.end for job in jobs):
        jobs.sort(key=Job.order, reverse=True)
    return jobs


def _jobs(lines: list[Line], *, dateless: bool) -> Iterator[Job]:
    tables = [line for line in lines if line.cells][:_MOST_LINES]
    if is_job_table([line.cells for line in tables]):
        for header in read_table([line.cells for line in tables]):
            yield _job(header)
        return
    bulleted = _jobs_are_bullets(lines)
    any_dated = any(_is_header(line, bulleted=bulleted) and has_year(line.text) for line in lines)
    if not any_dated and not any(find_periods(line.text) for line in lines[:_MOST_JOBS]):
        if dateless:
            yield from _dateless(lines)
        return
    headed: list[Job] = []
    for run in _header_runs(lines, bulleted=bulleted):
        headed.extend(
            _job(read_header([line.text for line in block]))
            for block in _blocks(run, dateless=dateless)
        )
        if len(headed) > _MOST_JOBS:
            break
    told = [] if any(job.company and job.start for job in headed) else list(_told(lines))
    yield from told or headed


def _told(lines: Iterable[Line]) -> Iterator[Job]:
    """Jobs told in sentences."""
    for line in lines:
        header = read_sentence(line.text)
        if header is not None:
            yield _job(header)


def _job(header: Header) -> Job:
    return Job(header.company, header.title, header.start, header.end, header.location)


def _jobs_are_bullets(lines: list[Line]) -> bool:
    """Whether periods stand in bullets only: `- 2015-2019: Welder, Acme`."""
    bullets = plain = 0
    for line in lines:
        if line.text and has_year(line.text) and len(line.text) <= _LONGEST_HEADER:
            real = any(not period.single for period in find_periods(line.text))
            bullets += real and line.bullet
            plain += real and not line.bullet
    return bullets > 0 and plain == 0


def _is_header(line: Line, *, bulleted: bool) -> bool:
    text = line.text
    if not text or len(text) > _LONGEST_HEADER:
        return False
    if line.bullet and not bulleted and not (line.numbered and company_score(text) > 0):
        return False
    if line.level or line.bold:
        return True
    if "@" in text and not has_year(text) and "." in text.rpartition("@")[2]:
        return False
    return not _is_prose(text)


def _is_prose(text: str) -> bool:
    words = text.count(" ") + 1
    if text[-1] in ".;!。" and words > 3:
        return words > 9 or not company_score(text.rpartition(" ")[2])  # a stop as in `Ltd.`
    return words > 14 and not has_year(text)


def _header_runs(lines: list[Line], *, bulleted: bool) -> Iterator[list[Line]]:
    """Runs of header lines, blank ones among them, between lines of detail."""
    run: list[Line] = []
    for line in lines:
        if not line.text:
            if run:
                run.append(line)
        elif _is_header(line, bulleted=bulleted):
            if bulleted and line.bullet and has_year(line.text):
                yield [line]
            else:
                run.append(line)
        else:
            if run:
                yield run
            run = []
    if run:
        yield run


def _blocks(run: list[Line], *, dateless: bool) -> Iterator[list[Line]]:
    """The lines of each job in a run: those around one period."""
    run = _trimmed(run[:_MOST_LINES])
    dated = [at for at, line in enumerate(run) if _dates(line)]
    if not dated:
        if dateless and run and len(run) <= 3:  # a company that heads several positions
            yield [line for line in run if line.text]
        return
    labelled = _labelled_blocks(run)
    if labelled:
        yield from labelled
        return
    starts: list[int] = []
    lead = _lead(run, dated[0])
    previous = -1
    for at in dated:
        starts.append(_start(run, previous, at, lead))
        previous = at
    ends = [*starts[1:], len(run)]
    for first, at, last in zip(starts, dated, ends, strict=True):
        following = run[at + 1 : min(last, at + 4)]
        if first == at and not _beside_dates(run[at]):  # the period alone, its job after a blank
            following = following[1:] if following and not following[0].text else following
        tail = takewhile(lambda line: line.text, following)
        yield [*(line for line in run[first : at + 1] if line.text), *tail]


def _beside_dates(line: Line) -> bool:
    """Whether something stands beside the period."""
    periods = find_periods(line.text)
    rest = line.text[: periods[0].first] + line.text[periods[-1].last :]
    return any(letter.isalpha() for letter in rest)


def _labelled_blocks(run: list[Line]) -> list[list[Line]]:
    """Jobs whose parts are labelled, one a line: where the first label comes back, one begins."""
    kinds = [label_of(line.text) for line in run]
    named = [kind for kind in kinds if kind in {"company", "title", "from", "dates"}]
    if len(set(named)) < 2:
        return []
    blocks: list[list[Line]] = [[]]
    for line, kind in zip(run, kinds, strict=True):
        if kind == named[0] and any(label_of(each.text) == kind for each in blocks[-1]):
            blocks.append([])
        if line.text:
            blocks[-1].append(line)
    return blocks


def _dates(line: Line) -> bool:
    return bool(line.text) and bool(find_periods(line.text))


def _trimmed(run: list[Line]) -> list[Line]:
    end = len(run)
    while end and not run[end - 1].text:
        end -= 1
    return run[:end]


def _lead(run: list[Line], first: int) -> int:
    """How many lines stand above the first period of a run and belong to it."""
    lead = 0
    blanks = 0
    for at in range(first - 1, -1, -1):
        if run[at].text:
            lead += 1
        else:
            blanks += 1
        if blanks > 1 or lead == 3:
            break
    return lead


def _start(run: list[Line], previous: int, at: int, lead: int) -> int:
    """Where the block of the period in line `at` begins."""
    start = at
    taken = 0
    for position in range(at - 1, previous, -1):
        if not run[position].text:
            continue
        if taken == lead:
            break
        start = position
        taken += 1
    return start


def _dateless(lines: list[Line]) -> Iterator[Job]:
    """Jobs without any date: each line or pair of lines that names an employer or a title."""
    for run in _header_runs(lines, bulleted=False):
        block: list[str] = []
        for line in [*run, Line("", "")]:
            if line.text:
                block.append(line.text)
            elif block:
                yield from _of_dateless_block(block)
                block = []


def _of_dateless_block(block: list[str]) -> Iterator[Job]:
    singles = [read_header([text]) for text in block]
    if len(block) > 1 and all(header.company and header.title for header in singles):
        for header in singles:
            yield _job(header)
        return
    header = read_header(block[:3])
    if header.company and (header.title or header.location):
        yield _job(header)


def _with_companies(jobs: list[Job]) -> list[Job]:
    """Positions listed under one employer get its name; the bare employer is dropped."""
    kept: list[Job] = []
    heading: Job | None = None
    for position, job in enumerate(jobs):
        following = jobs[position + 1] if position + 1 < len(jobs) else None
        if job.company and not job.title and following is not None and not following.company:
            heading = job
            continue
        if job.company is None and heading is not None:
            job.company = heading.company
            job.location = job.location or heading.location
        elif job.company is not None:
            heading = job
        if job.company or (job.title and (job.start or job.end)):
            kept.append(job)
    return [job for job in kept if job.start or job.end or job.title]
