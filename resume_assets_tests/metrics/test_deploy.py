"""The dashboard and the alert rules: names that there are, and what their own tools say of them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.ledger import counters
from resume_assets.metrics.exposition import written
from resume_assets.metrics.figures import look
from resume_assets_tests.documentation.pages import DOCS, ROOT
from resume_assets_tests.flow import Flowing

ALERTS = ROOT / "deploy" / "alerts.yaml"
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
NAME = re.compile(r"\bresume_assets_[a-z_]+")


@pytest.fixture
def text(flow: Flowing) -> str:
    """All figures that there can be."""
    flow.until_done(rows=1)
    flow.until_submitted("b2", rows=1)
    counters.note_tick(flow.database)
    return written(look(flow.database, flow.settings))


def names(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_each_metric_that_is_named_is_served(path: Path, text: str) -> None:
    named = set(NAME.findall(path.read_text(encoding="utf-8")))
    assert len(named) > 5
    assert named <= names(text)


def test_the_page_names_every_metric(text: str) -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    told = {f"resume_assets_{name}" for name in re.findall(r"^\| `(\w+)", page, re.MULTILINE)}
    assert told == names(text)


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("SKIPPED: promtool is not installed (Debian's package prometheus has it)")
    return found


def test_promtool_takes_the_rules() -> None:
    done = subprocess.run(
        [promtool(), "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_promtool_takes_the_figures(text: str) -> None:
    done = subprocess.run(
        [promtool(), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def panels() -> Iterator[dict[str, Any]]:
    yield from json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def test_panels_have_their_places_and_no_two_the_same() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["targets"]
    assert len({panel["id"] for panel in panels()}) == len(list(panels()))


def test_grafanas_own_library_understands_every_part_of_the_dashboard() -> None:
    models = pytest.importorskip(
        "grafana_foundation_sdk.models.dashboard", reason="SKIPPED: grafana-foundation-sdk"
    )
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder")
    ours = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    read = models.Dashboard.from_json(ours)
    again = json.loads(encoder.JSONEncoder(sort_keys=True).encode(read))
    assert list(lost(ours, again, "")) == []


def lost(before: Any, after: Any, path: str) -> Iterator[str]:
    """What the library did not keep, and so does not know."""
    if isinstance(before, dict):
        for key, value in before.items():
            if key not in after:
                yield f"{path}/{key}"
            else:
                yield from lost(value, after[key], f"{path}/{key}")
    elif isinstance(before, list):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(one, other, f"{path}/{index}")
