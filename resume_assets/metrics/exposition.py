"""Prometheus' text format.

Source: prometheus.io, "Exposition formats", version 0.0.4; names by "Metric and label naming".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

PREFIX: Final = "resume_assets_"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; `labels` tell it from others of its name."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """A name, without PREFIX, what it says, and its values; none where nothing is known."""

    name: str
    help: str
    samples: Sequence[Sample]
    kind: Literal["gauge", "counter"] = "gauge"


def written(metrics: Iterable[Metric]) -> str:
    """The metrics as text."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterable[str]:
    name = f"{PREFIX}{metric.name}"
    yield f"# HELP {name} {_escaped(metric.help)}"
    yield f"# TYPE {name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(
            f'{label}="{_escaped(value, quotes=True)}"' for label, value in sample.labels.items()
        )
        yield f"{name}{{{labels}}} {sample.value!r}" if labels else f"{name} {sample.value!r}"


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text
