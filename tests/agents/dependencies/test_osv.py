"""Which versions an advisory affects: the specification's walk over events, lists of versions, and what is left out."""

import json
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from fairlead.agents.builtin.dependency_auditor.osv import Advisory, BrokenEntry, affects, fixes, read_entry


def advisory(*spans: Sequence[tuple[str, str]], versions: Sequence[str] = ()) -> Advisory:
    return Advisory("GHSA-x", "2026-01-01", tuple(tuple(span) for span in spans), tuple(versions))


def entry(**more: object) -> bytes:
    affected = [
        {"package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}
    ]
    return json.dumps({"id": "GHSA-x", "modified": "2026-01-02T03:04:05Z", "affected": affected, **more}).encode()


TWO_BRANCHES = (("introduced", "0"), ("fixed", "1.2.0"), ("introduced", "2.0.0"), ("fixed", "2.1.0"))


@pytest.mark.parametrize(
    ("span", "affected", "safe"),
    [
        (
            TWO_BRANCHES,
            ("0.0.1", "1.1.9", "2.0.0", "2.0.9", "1.2.0-rc.1"),
            ("1.2.0", "1.9.9", "2.0.0-rc.1", "2.1.0", "3.0.0"),
        ),
        ((("introduced", "1.0.0"), ("last_affected", "1.5.0")), ("1.0.0", "1.5.0"), ("0.9.0", "1.5.1", "2.0.0")),
        (
            (("fixed", "2.1.0"), ("introduced", "2.0.0"), ("fixed", "1.2.0"), ("introduced", "0")),
            ("1.0.0", "2.0.5"),
            ("1.5.0",),
        ),
        ((("introduced", "0"), ("limit", "2.0.0")), ("1.9.9",), ("2.0.0", "3.0.0")),
        ((("introduced", "0"), ("limit", "2.0.0"), ("limit", "3.0.0")), ("2.5.0",), ("3.0.0",)),
        ((("introduced", "0"), ("limit", "*"), ("limit", "2.0.0")), ("9.0.0",), ()),
        (
            (("introduced", "0"), ("fixed", "1.0.0"), ("introduced", "1.0.0"), ("fixed", "2.0.0")),
            ("1.0.0", "1.5.0"),
            ("2.0.0",),
        ),
        ((("introduced", "1.0.0"), ("fixed", "1.0.0")), (), ("0.9.0", "1.0.0", "1.0.1")),
        ((("introduced", "0"),), ("0.0.0-alpha", "99.0.0"), ()),
    ],
)
def test_events_of_a_range(span: Sequence[tuple[str, str]], affected: Sequence[str], safe: Sequence[str]) -> None:
    one = advisory(span)
    assert {version: affects(one, "npm", version) for version in affected} == dict.fromkeys(affected, True)
    assert {version: affects(one, "npm", version) for version in safe} == dict.fromkeys(safe, False)


def test_the_versions_that_are_listed_are_affected_beside_the_ranges() -> None:
    one = advisory((("introduced", "2.0"), ("fixed", "2.1")), versions=("1.4.0",))
    assert [affects(one, "PyPI", version) for version in ("1.4", "1.4+own", "1.5", "2.0.5")] == [
        True,
        True,
        False,
        True,
    ]


def test_an_entry_that_names_no_version_speaks_of_all() -> None:
    assert affects(advisory(), "PyPI", "1.0") is True
    assert affects(advisory(), "npm", "nonsense") is True


def test_what_cannot_be_compared_is_neither_affected_nor_safe() -> None:
    assert affects(advisory((("introduced", "0"), ("fixed", "1.0"))), "PyPI", "2004d") is None
    assert affects(advisory((("introduced", "0"), ("fixed", "nonsense"))), "PyPI", "1.0") is None
    assert affects(advisory((("introduced", "1"),), (("fixed", "nonsense"),)), "PyPI", "2.0") is True
    assert affects(advisory(versions=("2004d",)), "PyPI", "2004d") is True


PYTHON = st.builds(
    lambda numbers, ends: ".".join(map(str, numbers)) + ends,
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.sampled_from(["", "a1", "b2", "rc1", ".post1", ".dev3", "rc1.post2.dev4"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PYTHON, min_size=2, max_size=8), PYTHON, st.randoms(use_true_random=False))
def test_any_ranges_hold_what_lies_between_their_ends(points: list[str], version: str, order: Random) -> None:
    ends = sorted(set(map(Version, points)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    events = [event for since, until in pairs for event in (("introduced", str(since)), ("fixed", str(until)))]
    order.shuffle(events)
    wanted = any(since <= Version(version) < until for since, until in pairs)
    assert affects(advisory(events or [("fixed", "1")]), "PyPI", version) is wanted


def test_the_smallest_fix_comes_first() -> None:
    one = advisory((("introduced", "0"), ("fixed", "1.10.0")), (("introduced", "2.0.0"), ("fixed", "2.2.0")))
    assert [text for _, text in fixes(one, "npm", "1.9.0")] == ["1.10.0", "2.2.0"]
    assert [text for _, text in fixes(one, "npm", "2.1.0")] == ["2.2.0"]
    assert fixes(one, "npm", "nonsense") == []


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"database_specific": {"severity": "MODERATE"}}, "medium"),
        ({"database_specific": {"severity": "critical"}}, "critical"),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]}, "high"),
        ({"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}]}, ""),
        ({"database_specific": {"severity": 7}}, ""),
        ({}, ""),
    ],
)
def test_how_severe_an_entry_says_it_is(fields: dict[str, object], severity: str) -> None:
    ((_, _, one),) = read_entry(entry(**fields)).advisories
    assert one.severity == severity


@pytest.mark.parametrize(
    "fields", [{"id": "MAL-2026-7"}, {"aliases": ["MAL-2026-7"]}, {"database_specific": {"cwe_ids": ["CWE-506"]}}]
)
def test_malware_is_known_as_such(fields: dict[str, object]) -> None:
    ((_, _, one),) = read_entry(entry(**fields)).advisories
    assert (one.is_malware, one.severity) == (True, "critical")


def test_an_entry_gives_one_record_for_each_package_that_is_read_here() -> None:
    def span(kind: str, fixed: str) -> dict[str, object]:
        return {"type": kind, "events": [{"introduced": "0"}, {"fixed": fixed}]}

    affected = [
        {
            "package": {"ecosystem": "PyPI", "name": "Some_Lib"},
            "ranges": [span("ECOSYSTEM", "1.0"), span("GIT", "abc")],
        },
        {
            "package": {"ecosystem": "PyPI", "name": "some.lib"},
            "ranges": [span("ECOSYSTEM", "2.0")],
            "versions": ["0.1"],
        },
        {"package": {"ecosystem": "Go", "name": "x"}},
        {"package": {"ecosystem": "npm", "name": "only-commits"}, "ranges": [span("GIT", "abc")]},
        {"ranges": None},
    ]
    read = read_entry(
        entry(affected=affected, withdrawn="2026-01-01T00:00:00Z", summary=None, details="First.\nSecond.")
    )
    ((ecosystem, name, one),) = read.advisories
    assert (ecosystem, name, one.versions, one.is_withdrawn, one.summary) == (
        "PyPI",
        "some-lib",
        ("0.1",),
        True,
        "First.",
    )
    assert one.ranges == ((("introduced", "0"), ("fixed", "1.0")), (("introduced", "0"), ("fixed", "2.0")))
    assert (read.day, read.ecosystems) == ("2026-01-02", frozenset(["PyPI", "Go", "npm"]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"id": "x"}',
        b'{"id": "", "modified": "2026-01-01T00:00:00Z"}',
        b'{"id": "x", "modified": "now"}',
        b"\xff",
    ],
)
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenEntry):
        read_entry(data)
