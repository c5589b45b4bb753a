"""A chart of two simulations as SVG, written by hand: no plotting package is needed for it."""

from resume_assets_tests.benchmarks.quotas import OpenAI

_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 260, 52, 36
_POINTS = 360
_NAMESPACE = "http://www.w3.org/2000/svg"


def draw(ours: OpenAI, one: OpenAI) -> str:
    """The share of the quota in use over the days, many batches above one after the other."""
    days = max(ours.clock.now, one.clock.now) / 86_400
    lines = [
        f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {_WIDTH + 80} {_HEIGHT + 90}">',
        "<style>text {font: 13px sans-serif}</style>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="20">Use of {ours.quota:,} enqueued tokens</text>',
    ]
    for share in (0, 25, 50, 75, 100):
        height = _TOP + _HEIGHT * (1 - share / 100)
        lines.append(
            f'<path d="M{_LEFT} {height:.0f}h{_WIDTH}" stroke="#ddd"/>'
            f'<text x="6" y="{height + 4:.0f}">{share} %</text>'
        )
    for part in range(5):
        left = _LEFT + _WIDTH * part / 4
        lines.append(
            f'<text x="{left:.0f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">'
            f"{days * part / 4:.0f} days</text>"
        )
    for row, (name, colour, openai) in enumerate(
        (("the planner", "#1a7f37", ours), ("one batch after the other", "#cf222e", one))
    ):
        lines.append(f'<path d="{_path(openai, days)}" fill="none" stroke="{colour}"/>')
        left = _LEFT + 240 * row
        lines.append(
            f'<text x="{left}" y="{_TOP + _HEIGHT + 42}" fill="{colour}">'
            f"{name}: {openai.clock.now / 86_400:.1f} days</text>"
        )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _path(openai: OpenAI, days: float) -> str:
    """Means over equal spans of time, as an SVG path."""
    span = days * 86_400 / _POINTS
    points = []
    for index in range(_POINTS):
        start = index * span
        if start > openai.clock.now:
            break
        left = _LEFT + _WIDTH * index / _POINTS
        points.append(f"{left:.0f} {_TOP + _HEIGHT * (1 - openai.use(start, start + span)):.1f}")
    return "M" + "L".join(points)
