"""Memory: the peak of a process at 50,000 resumes beside that at 5,000, and with a huge one."""

from collections.abc import Iterator

from resume_assets_tests.benchmarks import applying, children, data
from resume_assets_tests.benchmarks.figures import Figure, figure


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`memory_50k_over_5k`, `peak_mb_50k`, and what a resume of 50 MB adds."""
    del rounds
    few = rows // 10
    for count in (few, rows):
        data.queue(count)
        applying.collected(count)
    peaks: dict[tuple[str, int], float] = {}
    for count in (few, rows):
        peaks["build", count] = children.run("building", "build_once", rows=count).peak_mb
        peaks["apply", count] = children.run("applying", "apply_once", rows=count).peak_mb
    ratios = {step: peaks[step, rows] / peaks[step, few] for step in ("build", "apply")}
    what = f"peak of a process at {rows:,} resumes / at {few:,}; the worse of"
    each = f"build {ratios['build']:.2f}, apply {ratios['apply']:.2f}"
    yield figure("memory_50k_over_5k", [max(ratios.values())], "x", f"{what} {each}", at_most=1.2)
    highest = max(peaks["build", rows], peaks["apply", rows])
    each = f"build {peaks['build', rows]:.0f}, apply {peaks['apply', rows]:.0f}"
    yield figure("peak_mb_50k", [highest], "MB", f"at {rows:,}: {each}", at_most=400)
    data.queue(few, huge=True)
    huge = children.run("building", "build_once", rows=few, huge=True).peak_mb
    added = huge - peaks["build", few]
    yield figure("huge_resume_mb", [added], "MB", "what one resume of 50 MB adds to the peak")
    yield figure("huge_resume_over_size", [added / 50], "x", "the same over its size")
