"""What a container may use, from files as Linux has them, and from a real group."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from resume_assets import processors as module
from resume_assets.processors import processors

FILES = Mapping[str, str]


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine of eight processors, without any group."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(module, "_CGROUPS", tmp_path)
    monkeypatch.setattr(module, "_OF_THIS_PROCESS", tmp_path / "self")


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/", {}, 8),
        ("0::/", {"cpu.max": "max 100000"}, 8),
        ("0::/", {"cpu.max": "200000 100000"}, 2),
        ("0::/", {"cpu.max": "250000 100000"}, 2),
        ("0::/", {"cpu.max": "50000 100000"}, 1),
        ("0::/", {"cpu.max": "1600000 100000"}, 8),
        ("0::/pod/one", {"pod/one/cpu.max": "max 100000", "pod/cpu.max": "300000 100000"}, 3),
        ("0::/pod/one", {"pod/one/cpu.max": "100000 100000", "pod/cpu.max": "300000 100000"}, 1),
        ("0::/gone", {"cpu.max": "400000 100000"}, 4),
        (
            "4:memory:/\n3:cpu,cpuacct:/docker/a",
            {"cpu/docker/a/cpu.cfs_quota_us": "200000", "cpu/docker/a/cpu.cfs_period_us": "50000"},
            4,
        ),
        (
            "3:cpu,cpuacct:/docker/a",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            8,
        ),
        ("0::/", {"cpu.max": "nonsense"}, 8),
    ],
)
def test_the_smallest_quota_counts(tmp_path: Path, own: str, files: FILES, expected: int) -> None:
    (tmp_path / "self").write_text(f"{own}\n")
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    assert processors() == expected


def test_elsewhere_than_on_linux_all_count() -> None:
    assert processors() == 8


@pytest.fixture
def group() -> Iterator[Path]:
    """A real group of our own with half a processor; removed afterwards."""
    top = Path("/sys/fs/cgroup")
    is_first_version = (top / "cpu" / "cpu.cfs_quota_us").exists()
    if not is_first_version and not (top / "cgroup.controllers").exists():
        pytest.skip("There are no groups of processes here.")
    path = (top / "cpu" if is_first_version else top) / f"resume_assets_tests_{os.getpid()}"
    try:
        path.mkdir()
        if is_first_version:
            (path / "cpu.cfs_quota_us").write_text("50000")
        else:
            (path / "cpu.max").write_text("50000 100000")
    except OSError as problem:
        if path.exists():
            path.rmdir()
        pytest.skip(f"No group with a quota can be made here: {problem}")
    yield path
    path.rmdir()


def test_a_real_quota_is_seen(group: Path) -> None:
    """By a process in a real group, whatever the machine has."""
    asked = (
        "import os, sys; open(sys.argv[1], 'w').write(str(os.getpid()));"
        "from resume_assets.processors import processors; print(processors())"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked, str(group / "cgroup.procs")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "1\n"
