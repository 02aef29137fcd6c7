"""Findings: ids that can be typed, code that is only shown while it is the code that was found, no secret around it."""

from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.findings import path_from_text, path_text
from fairlead.core.ids import RunId
from fairlead.service.findings import export_findings, list_findings, show_finding
from fairlead.views.paths import uri_of
from tests.service.parts import PaperParts, ended, failed, finding, started, succeeded

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"
NAMES = [
    "app/a b.py",
    "ünï/漢.py",
    "per%cent#?.py",
    "new\nline.py",
    "back\\slash.py",
    "byte\udcff.py",
    "c:/x.py",
    "/abs.py",
]


def reviewed(parts: PaperParts, *findings: object) -> RunId:
    found = [one for one in findings if not isinstance(one, str)]
    return parts.record_run(
        "r-rev00001",
        [
            started("secrets"),
            succeeded("secrets", found),  # type: ignore[arg-type]  # findings only
            started("security", "security-scanner"),
            succeeded("security", degraded=("ruff is missing: its rules were not checked",)),
            started("tests", "run"),
            failed("tests"),
            ended("degraded", "tests: 2 of 412 failed"),
        ],
    )


def test_the_list_is_worst_first_and_keeps_the_order_of_the_agents(parts: PaperParts) -> None:
    run = reviewed(
        parts,
        finding(severity="low", path="z.py", line=1),
        finding(severity="critical", path="b.py", line=2),
        finding(severity="low", path="a.py", line=3),
        finding(severity="high", path="c.py", line=4),
    )
    found = list_findings(parts, parts.project(""), run)
    assert [(one.severity, one.path) for one in found.findings] == [
        ("critical", "b.py"),
        ("high", "c.py"),
        ("low", "z.py"),
        ("low", "a.py"),
    ]
    assert found.totals == {"critical": 1, "high": 1, "medium": 0, "low": 2, "info": 0}
    narrowed = list_findings(parts, parts.project(""), run, severity="high", path="b.py")
    assert [one.path for one in narrowed.findings] == ["b.py"]
    assert narrowed.total == 4


def test_an_id_is_as_short_as_it_can_be_and_any_unique_beginning_will_do(parts: PaperParts) -> None:
    twins = [
        finding(line=1, fingerprint="abcdef0123456789"),
        finding(line=2, fingerprint="abcdef01ffff6789"),
        finding(line=3, fingerprint="0123456789abcdef"),
    ]
    run = reviewed(parts, *twins)
    project = parts.project("")
    ids = {one.line: one.id for one in list_findings(parts, project, run).findings}
    assert ids == {1: "f-abcdef012", 2: "f-abcdef01f", 3: "f-012345"}
    assert show_finding(parts, project, run, "f-0123").finding.line == 3
    assert show_finding(parts, project, run, "F_012345678").finding.line == 3
    with pytest.raises(FairleadError, match="FL-S013"):
        show_finding(parts, project, run, "abc")
    with pytest.raises(FairleadError, match="FL-S012"):
        show_finding(parts, project, run, "f-999")


def test_the_code_around_it_comes_from_the_checkout_while_the_line_is_the_same(parts: PaperParts) -> None:
    place = parts.root / "app" / "queries.py"
    place.parent.mkdir()
    lines = [f"line {number}" for number in range(1, 21)]
    lines[9] = "    return eval(name)"
    place.write_text("\n".join(lines))
    run = reviewed(parts, finding(line=10, column=12, excerpt="return eval(name)", fingerprint="a" * 24))
    project = parts.project("")
    detail = show_finding(parts, project, run, "aaa")
    assert [(line.number, line.is_found) for line in detail.lines] == [(n, n == 10) for n in range(7, 14)]
    assert detail.lines[3].text == "    return eval(name)"
    assert detail.rule is not None
    assert not detail.is_moved
    place.write_text("\n".join(lines[5:]))
    moved = show_finding(parts, project, run, "aaa")
    assert moved.is_moved
    assert [line.text for line in moved.lines] == ["return eval(name)"]


def test_nothing_of_the_checkout_is_shown_near_a_secret(parts: PaperParts) -> None:
    secret = "".join(("s3cr", "et-", "value"))
    (parts.root / "seed.py").write_text(f"KEY = '{secret}'\nx = eval(name)\n")
    masked = finding("secrets/generic", "critical", "seed.py", 1, "KEY = 's3cr…lue'", fingerprint="b" * 24)
    other = finding("security/code-injection", "medium", "seed.py", 2, "x = eval(name)", fingerprint="c" * 24)
    run = reviewed(parts, masked, other)
    for name in ("bbb", "ccc"):
        detail = show_finding(parts, parts.project(""), run, name)
        assert secret not in msgspec.json.encode(detail).decode()
        assert len(detail.lines) == 1


def test_a_line_with_something_masked_is_known_again_and_shows_nothing_around_it(parts: PaperParts) -> None:
    value = "".join(("Zk4", "Qm81x" * 5))
    place = parts.root / "app.py"
    place.write_text(f"x = 1\ny = eval('{value}')\nz = '{value}'\n")
    one = finding("security/code-injection", "medium", "app.py", 2, "y = eval('Zk4Q…81x')", fingerprint="c" * 24)
    many = finding("security/code-injection", "medium", "app.py", 2, "…" * 100 + "x", fingerprint="d" * 24)
    run = reviewed(parts, one, many)
    detail = show_finding(parts, parts.project(""), run, "ccc")
    assert (detail.is_moved, [line.text for line in detail.lines]) == (False, ["y = eval('Zk4Q…81x')"])
    place.write_text("y = 1\n" * 9)
    assert show_finding(parts, parts.project(""), run, "ccc").is_moved
    place.write_text(f"x = 1\n{'…' * 5_000}\n")
    assert show_finding(parts, parts.project(""), run, "ddd").is_moved


def test_first_seen_is_the_oldest_run_that_had_it(parts: PaperParts) -> None:
    one = finding(fingerprint="d" * 24)
    first = parts.record_run("r-old00001", [started("secrets"), succeeded("secrets", [one]), ended()])
    parts.record_run("r-old00002", [ended()])
    run = reviewed(parts, one)
    assert show_finding(parts, parts.project(""), run, "ddd").first_run == first


def test_sarif_validates_against_the_official_schema_and_says_what_did_not_work(parts: PaperParts) -> None:
    odd = [finding(path=path_text(name), line=index, fingerprint=f"{index:024d}") for index, name in enumerate(NAMES)]
    odd.append(finding("made/up-rule", "info", line=3, column=0, end_line=2, fingerprint="e" * 24))
    odd.append(finding(line=5, column=4, end_line=5, end_column=9, fingerprint="f" * 24, origin=("bandit", "ruff")))
    run = reviewed(parts, *odd)
    text = export_findings(parts, parts.project(""), run, "sarif").text
    document = msgspec.json.decode(text)
    validator = jsonschema_rs.validator_for(SCHEMA.read_text("utf-8"))
    assert [error.message for error in validator.iter_errors(document)] == []
    runs = {one["tool"]["driver"]["name"]: one for one in document["runs"]}
    # A program that was not run is told too; one that succeeded has nothing to say here.
    assert set(runs) == {"fairlead/secret-scanner", "fairlead/security-scanner", "fairlead/run"}
    secrets = runs["fairlead/secret-scanner"]
    assert secrets["invocations"][0]["executionSuccessful"] is True
    assert len(secrets["results"]) == len(odd)
    for found in secrets["results"]:
        assert secrets["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["partialFingerprints"]["fairlead/v1"]
    rule = secrets["tool"]["driver"]["rules"][0]
    assert rule["properties"]["security-severity"] == "8.0"
    assert "Bad:" in rule["help"]["markdown"]
    security = runs["fairlead/security-scanner"]["invocations"][0]
    assert security["executionSuccessful"] is False
    assert "ruff is missing" in security["toolExecutionNotifications"][0]["message"]["text"]


def test_the_schema_refuses_what_is_no_sarif() -> None:
    validator = jsonschema_rs.validator_for(SCHEMA.read_text("utf-8"))
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("app/a b.py", "app/a%20b.py"),
        ("ünï/漢.py", "%C3%BCn%C3%AF/%E6%BC%A2.py"),
        ("per%cent#?.py", "per%25cent%23%3F.py"),
        ("new\nline.py", "new%0Aline.py"),
        ("back\\slash.py", "back%5Cslash.py"),
        ("byte\udcff.py", "byte%FF.py"),
        ("back\\xff.py", "back%5Cxff.py"),
        ("c:/x.py", "c%3A/x.py"),
    ],
)
def test_an_odd_name_becomes_a_uri_and_its_text_the_path_again(name: str, uri: str) -> None:
    assert uri_of(path_text(name)) == uri
    assert path_from_text(path_text(name)) == name


def test_markdown_holds_no_foreign_markup(parts: PaperParts) -> None:
    run = reviewed(parts, finding(path="a|b<script>.py", message="see [here](x) | `now`\x1b[2J"))
    text = export_findings(parts, parts.project(""), run, "md").text
    assert "<script>" not in text
    assert "[here](x)" not in text
    assert "\x1b" not in text
    row = next(line for line in text.splitlines() if "sql" in line)
    assert row.replace("\\|", "").count("|") == 5


def test_an_export_goes_into_a_file_whole_or_not_at_all(parts: PaperParts) -> None:
    run = reviewed(parts, finding())
    place = parts.root / "out" / "findings.json"
    made = export_findings(parts, parts.project(""), run, "json", path=str(place))
    assert made.text == ""
    assert msgspec.json.decode(place.read_bytes())["total"] == 1
    (parts.root / "file").write_text("")
    with pytest.raises(FairleadError, match="FL-S014"):
        export_findings(parts, parts.project(""), run, "json", path=str(parts.root / "file" / "x.json"))


@pytest.mark.parametrize(
    ("options", "code", "hint"),
    [
        ({"rule": "secrts"}, "FL-S010", "--rule secrets"),
        ({"rule": "sql-injection"}, "FL-S010", "--rule security/sql-injection"),
        ({"rule": "security/sql"}, "FL-S010", "--rule security/sql-injection"),
        ({"path": "nowhere.py"}, "FL-S008", "from the top of the repository"),
    ],
)
def test_a_slip_in_a_filter_is_no_clean_answer(
    options: dict[str, str], code: str, hint: str, parts: PaperParts
) -> None:
    run = reviewed(parts, finding(path="app/b.py"))
    with pytest.raises(FairleadError, match=code) as refused:
        list_findings(parts, parts.project(""), run, **options)  # type: ignore[arg-type]  # texts only
    assert hint in str(refused.value.diagnostics)
    under = {"under" if name == "path" else name: value for name, value in options.items()}
    with pytest.raises(FairleadError, match=code):
        export_findings(parts, parts.project(""), run, "md", **under)  # type: ignore[arg-type]  # as above


def test_a_filter_that_can_match_may_find_nothing(parts: PaperParts) -> None:
    run = reviewed(parts, finding(rule="acme/own-rule", path="app/gone.py"))
    (parts.root / "there.py").write_text("")
    for rule, found in (("secrets", 0), ("security/", 0), ("security/xss", 0), ("acme/own-rule", 1), ("acme", 1)):
        assert len(list_findings(parts, parts.project(""), run, rule=rule).findings) == found, rule
    for path, found in (("there.py", 0), (".", 1), ("./app", 1), ("app/", 1), ("app/gone.py", 1)):
        assert len(list_findings(parts, parts.project(""), run, path=path).findings) == found, path
