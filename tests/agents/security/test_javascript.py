"""JavaScript and TypeScript, against planted faults."""

from pathlib import Path

import pytest

from fairlead.agents.builtin.security import javascript
from fairlead.agents.builtin.security.scan import scan
from fairlead.agents.rules import load_rules
from fairlead.core.json import encode
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld
from tests.agents.security.planted import assert_exactly_the_marked
from tests.corpora import marks
from tests.corpora import security_javascript as corpus

RULES = load_rules("security-javascript") | load_rules("security-python")
WHOLE = {path: text for path, text in corpus.FILES.items() if path != "broken.js"}


@pytest.mark.parametrize("path", WHOLE)
def test_exactly_what_is_marked_is_reported(path: str) -> None:
    assert_exactly_the_marked(javascript, RULES, path, WHOLE[path])


def test_every_rule_has_a_planted_fault_and_a_file_without_it() -> None:
    faults = {path: {fault.rule for fault in marks.planted(text).faults} for path, text in WHOLE.items()}
    wanted = set(load_rules("security-javascript"))
    assert wanted == set.union(*faults.values())
    for rule in wanted:
        assert any(rule not in found for found in faults.values()), rule


def test_what_the_grammar_does_not_know_is_said_once() -> None:
    found = list(javascript.scan_file("broken.js", corpus.FILES["broken.js"]))
    assert [match.rule for match in found] == ["security/not-parsed"]


@pytest.mark.parametrize("path", ["a.js", "a.mjs", "a.cjs", "a.jsx", "a.ts", "a.tsx", "a.d.ts", "a.mts", "a.cts"])
def test_files_are_known_by_their_names(path: str) -> None:
    assert javascript.wants(path)


@pytest.mark.parametrize("path", ["a.json", "a.vue", "js", "a.js.map", "a.html"])
def test_other_files_are_left_alone(path: str) -> None:
    assert not javascript.wants(path)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("a.min.js", "eval(x)", "JavaScript (minified)"),
        ("a.js", "eval(x);" * 100, "JavaScript (minified)"),
        ("node_modules/a/a.js", "eval(x)", "JavaScript (built or copied)"),
        ("web/dist/a.js", "eval(x)", "JavaScript (built or copied)"),
        ("src/a.js", "eval(x)", None),
        ("src/distance.js", "eval(x)", None),
    ],
)
def test_files_that_nobody_wrote_are_not_checked_and_say_why(path: str, text: str, why: str | None) -> None:
    assert javascript.why_not(path, text) == why
    assert bool(list(javascript.scan_file(path, text))) is (why is None)


@pytest.mark.parametrize(
    "text",
    [
        "eval(" + "(" * 30_000 + "x" + ")" * 30_000 + ")",
        "eval(" + " +\n".join(["x"] * 50_000) + ")",
        "eval(\n" * 20_000,
        "x.eval\n" * 1 + "a" + ".b\n" * 30_000 + ".innerHTML = c",
        "[\n" * 20_000 + "eval(x)",
        "function f() {\n" * 5_000 + "eval(x)" + "}\n" * 5_000,
        "const a = b, b = a;\neval(a)",
        "".join(f"const a{n} = a{n + 1};\n" for n in range(3_000)) + "eval(a0)",
        "eval(\0)\n\ud800",
    ],
)
def test_deep_and_odd_programs_do_no_harm(text: str) -> None:
    javascript.scan_file("a.js", text)


def test_a_file_of_two_megabytes_is_read() -> None:
    text = "element.value = read(item, 1);\n" * 65_000 + "eval(x);\n"
    found = list(javascript.scan_file("a.js", text))
    assert [(match.rule, match.line) for match in found] == [("security/js-code-injection", 65_001)]


def test_line_ends_of_other_systems_move_no_line() -> None:
    for end in ("\n", "\r\n", "\r"):
        found = list(javascript.scan_file("a.js", f"a();{end}{end}  eval(x);{end}"))
        assert [(match.line, match.column, match.end_column) for match in found] == [(3, 3, 10)]


def test_the_scanner_counts_what_nobody_wrote_as_not_checked(tmp_path: Path) -> None:
    for path in ("src/a.js", "dist/a.js", "src/b.min.js"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("eval(x);\n")
    outcome = scan({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    assert [(f["rule"], f["path"]) for f in outcome.output["findings"]] == [("security/js-code-injection", "src/a.js")]
    not_checked = outcome.output["stats"]["not_checked"]
    assert not_checked == {"JavaScript (built or copied)": 1, "JavaScript (minified)": 1}


def test_the_scanner_never_shows_a_credential(tmp_path: Path) -> None:
    file = marks.planted(corpus.FILES["credentials.ts"])
    (tmp_path / "config.ts").write_text(file.text)
    outcome = scan({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Succeeded)
    shown = encode(outcome.output).decode()
    assert len(outcome.output["findings"]) == len(file.faults)
    assert not [value for value in marks.FILL.values() if value in shown]
