"""What an answer rests on is said: the small set that ships, data that are old, data that are damaged."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from fairlead.agents.builtin.dependency_auditor import shards
from fairlead.agents.builtin.dependency_auditor.known import age_clause, age_text, shipped_counts
from fairlead.agents.builtin.dependency_auditor.osv import affects
from tests.agents.dependencies.parts import audited, findings, import_lines, write
from tests.corpora.dependencies import ADVISORIES, DAY, TODAY
from tests.proves import proves

PINNED = {"requirements.txt": "weak-lib==1.0\n"}
BOTH = {
    **PINNED,
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"node_modules/weak-lib": {"version": "1.0.0"}}}',
}
PYPI_ONLY = [line for line in ADVISORIES if '"PyPI"' in line]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return import_lines(tmp_path / "machine", ADVISORIES)


@proves("C8.8")
def test_fresh_data_are_not_degraded(tmp_path: Path, data: Path) -> None:
    outcome = audited(write(tmp_path / "tree", PINNED), data, today="2026-11-27")
    assert (outcome.degraded, outcome.summary) == ((), f"1 finding · 1 package in 1 file · data of {DAY}")


@proves("C8.8")
@pytest.mark.parametrize(("today", "days"), [("2026-11-28", 8), ("2026-11-30", 10), ("2027-11-20", 365)])
def test_old_data_are_said_with_their_day_and_age(tmp_path: Path, data: Path, today: str, days: int) -> None:
    outcome = audited(write(tmp_path / "tree", PINNED), data, today=today)
    assert outcome.degraded == (f"advisory data is {days} days old ({DAY})",)
    assert len(findings(outcome)) == 1, "old data still say what they know"


@proves("C8.8")
def test_without_imported_data_the_small_set_is_asked_and_said_to_be_small(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"requirements.txt": "requests==2.19.1\nfine-lib==1\n"})
    outcome = audited(tree)
    source, day, counts = shipped_counts()
    old = (date.fromisoformat(TODAY) - date.fromisoformat(day)).days
    assert old > 7, "a snapshot that is not fresh says its age"
    assert outcome.degraded == (
        f"advisory data is the small set that ships ({counts['PyPI'][0]} advisories, as of {day}, {old} days old):"
        " what it does not know is not clean; fairlead data import DIR",
    )
    assert [one["rule"] for one in findings(outcome)] == ["dependencies/known-vulnerability"] * 2
    assert outcome.output["data"] == [
        {"ecosystem": "PyPI", "date": day, "advisories": counts["PyPI"][0], "shipped": True}
    ]
    assert source


def test_data_for_one_ecosystem_leave_the_other_to_the_small_set(tmp_path: Path) -> None:
    data = import_lines(tmp_path / "machine", PYPI_ONLY)
    outcome = audited(write(tmp_path / "tree", BOTH), data)
    assert len(outcome.degraded) == 1
    assert outcome.degraded[0].startswith("for npm, advisory data is the small set that ships (")
    old = audited(tmp_path / "tree", data, today="2026-12-20")
    assert f"for PyPI, advisory data is 30 days old ({DAY})" in old.degraded


def test_data_from_the_future_are_no_fresh_data(tmp_path: Path, data: Path) -> None:
    outcome = audited(write(tmp_path / "tree", PINNED), data, today="2026-11-01")
    assert outcome.degraded == (f"advisory data is dated later than today ({DAY}): a clock is wrong",)
    assert age_text("", "2026-11-21") == "of no known day ()"
    assert [age_clause(day, TODAY) for day in ("2026-11-14", "2026-11-13", "")] == [
        "",
        ", 8 days old",
        ", of no known day",
    ]


@pytest.mark.parametrize("damage", ["a byte", "cut", "gone", "names", "pointer", "format"])
def test_damaged_data_are_never_taken_for_clean(tmp_path: Path, data: Path, damage: str) -> None:
    current = data / shards.POINTER
    held = shards.read_pointer(current.read_bytes())
    assert held is not None
    folder = current.parent / held.ecosystems["PyPI"].folder
    shard = folder / shards.shard_of("weak-lib")
    whole = shard.read_bytes()
    match damage:
        case "a byte":
            shard.write_bytes(whole.replace(b"2.0", b"0.2"))
        case "cut":
            shard.write_bytes(whole[:-10])
        case "gone":
            shard.unlink()
        case "names":
            (folder / shards.NAMES_FILE).write_bytes(b"")
        case "pointer":
            current.write_bytes(current.read_bytes()[:100])
        case _:
            current.write_bytes(current.read_bytes().replace(b'"format": 1', b'"format": 2'))
    outcome = audited(write(tmp_path / "tree", PINNED), data)
    assert "FL-A136" in outcome.degraded[0]
    assert "the small set that ships" in outcome.degraded[-1]


def test_a_repository_without_a_dependency_needs_no_data(tmp_path: Path) -> None:
    outcome = audited(write(tmp_path / "tree", {"README.md": "# Shop\n", "src/app.py": "import requests\n"}))
    assert (outcome.degraded, outcome.summary, findings(outcome)) == ((), "no dependency files", [])


def test_ranges_alone_are_looked_up_nowhere_and_that_is_said(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"pyproject.toml": '[project]\nname = "a"\ndependencies = ["requests>=2"]\n'})
    outcome = audited(tree)
    assert (outcome.degraded, outcome.summary) == ((), "1 finding · no package with an exact version")
    assert [(one["rule"], one["severity"]) for one in findings(outcome)] == [("dependencies/no-lock-file", "info")]


def test_locks_of_other_worlds_are_named_as_not_checked(tmp_path: Path) -> None:
    outcome = audited(write(tmp_path / "tree", {"Cargo.lock": "", "go.sum": ""}))
    assert outcome.summary == "no dependency files that are read here (Cargo.lock, go.sum)"
    assert outcome.output["stats"]["not_checked"] == {"Cargo.lock": 1, "go.sum": 1}


def test_the_small_set_that_ships_is_right_about_well_known_versions() -> None:
    from fairlead.agents.builtin.dependency_auditor.known import Known
    from fairlead.env.tool_world import LocalToolWorld

    def ids(ecosystem: str, name: str, version: str) -> list[str]:
        known = Known(LocalToolWorld("/", today="2026-11-21")).of(ecosystem, [name])
        return [one.id for one in known.get(name, ()) if affects(one, ecosystem, version)]

    assert ids("PyPI", "requests", "2.31.0") == []
    assert ids("PyPI", "requests", "2.19.1") == ["PYSEC-2018-28", "PYSEC-2023-74"]
    assert ids("PyPI", "django", "3.2.4") == [
        "PYSEC-2021-109",
        "PYSEC-2022-190",
        "PYSEC-2022-213",
        "PYSEC-2022-245",
        "PYSEC-2023-100",
    ]
    assert ids("PyPI", "django", "4.2.3") == []
    assert ids("npm", "lodash", "4.17.20") == ["GHSA-35jh-r3h4-6jhm"]
    assert ids("npm", "lodash", "4.17.21") == []
    assert ids("npm", "ws", "7.5.9") == ["GHSA-3h5v-q93c-6h6q"]
    assert ids("npm", "ws", "7.5.10") == []
    assert ids("npm", "event-stream", "3.3.5") == []
    assert ids("npm", "event-stream", "3.3.6") == ["GHSA-mh6f-8j2x-4483"]


def test_the_small_set_is_between_forty_and_ninety_advisories() -> None:
    _, _, counts = shipped_counts()
    assert 40 <= sum(advisories for advisories, _ in counts.values()) <= 90
    assert all(advisories >= 20 for advisories, _ in counts.values())


class _Dated(msgspec.Struct):
    id: str
    modified: str


class _Set(msgspec.Struct):
    date: str
    advisories: list[_Dated]


@proves("C8.8")
def test_the_small_set_is_as_old_as_the_newest_change_that_its_sources_state() -> None:
    data = files("fairlead.agents.builtin.dependency_auditor").joinpath("advisories.json").read_bytes()
    small = msgspec.json.decode(data, type=_Set)
    days = {one.id: one.modified[:10] for one in small.advisories}
    assert len(days) == len(small.advisories), "an advisory stands there twice"
    assert small.date <= max(days.values()), "the set says it knows more than its newest entry shows"
    assert [name for name, day in days.items() if day > small.date] == [], "an entry is newer than the set says it is"
    assert len(set(days.values())) > 20, "every record has its own day, not the day of the writing"
    page = Path(__file__).parents[3] / "docs/how-to/advisory-data.md"
    assert f": {small.date}. Whatever was published or changed after that day" in " ".join(page.read_text().split())


def test_corrections_to_the_small_set_stay() -> None:
    """What was wrong once: a branch that was mended for itself, a fix that came in two steps, a list of one version."""
    from fairlead.agents.builtin.dependency_auditor.known import Known
    from fairlead.env.tool_world import LocalToolWorld

    def ids(ecosystem: str, name: str, version: str) -> list[tuple[str, str]]:
        known = Known(LocalToolWorld("/", today=TODAY)).of(ecosystem, [name])
        return [(one.id, one.severity) for one in known.get(name, ()) if affects(one, ecosystem, version)]

    assert ids("npm", "axios", "0.27.2") == [("GHSA-wf5p-g6vw-rhxx", "medium")]
    assert ids("npm", "axios", "0.28.0") == []
    assert ids("npm", "semver", "7.5.1") == [("GHSA-c2qf-rxjj-qqgw", "high")]
    assert ids("npm", "lodash-es", "4.17.20") == [("GHSA-35jh-r3h4-6jhm", "high")]
    assert ids("npm", "flatmap-stream", "0.1.0") == [("GHSA-mh6f-8j2x-4483", "critical")]
    assert ids("PyPI", "pillow", "9.0.0") == [("PYSEC-2022-10", "critical"), ("PYSEC-2023-227", "high")]
    assert ids("PyPI", "paramiko", "2.4.0")[0] == ("PYSEC-2018-19", "critical")
    assert ids("PyPI", "paramiko", "2.4.1") == [("PYSEC-2022-166", "medium")]
    assert ("PYSEC-2021-63", "high") in ids("PyPI", "cryptography", "3.3.1")
    assert ids("PyPI", "httplib2", "0.18.1") == [("PYSEC-2021-16", "")], "two sources disagree: none is said"
