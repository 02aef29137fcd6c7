"""The code-reviewer as a whole: which files it looks at, what it counts, and what it says when something is missing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jsonschema_rs
import pytest

from fairlead.agents.builtin.code_reviewer import verdict
from fairlead.agents.builtin.code_reviewer.scan import scan
from fairlead.agents.catalog import FileCatalog
from fairlead.core.json import Json, encode, parse
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.tools import ProcessResult
from fairlead.workflow import read_values
from tests.agents.conftest import DirectoryWorld, commit_all
from tests.proves import proves

LATE = "def add(item, items=[]):\n    items.append(item)\n    return items\n"  # one finding, low
RULE = "review/mutable-default"


def reviewed(root: Path, **inputs: Json) -> Succeeded:
    outcome = scan(inputs, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    return outcome


def paths(outcome: Succeeded) -> list[str]:
    return [one["path"] for one in outcome.output["findings"]]


def put(root: Path, *names: str, text: str = LATE) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@proves("C8.6")
def test_two_reviews_of_the_same_tree_are_equal(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "b/c.py", "b/d.py")
    assert reviewed(tmp_path) == reviewed(tmp_path)


@proves("C9.1")
def test_the_score_falls_with_every_fault(tmp_path: Path) -> None:
    put(tmp_path, "right.py", text="TOTAL = 1\n" * 60)
    scores = [reviewed(tmp_path).output["score"]]
    for number in range(5):
        put(tmp_path, f"fault{number}.py", text=f"def add{number}(item, items=[]):\n    return [*items, item]\n")
        scores.append(reviewed(tmp_path).output["score"])
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 6
    assert scores[0] == 100


def test_nothing_that_was_read_has_no_score(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\0\0")
    outcome = reviewed(tmp_path)
    assert outcome.output["score"] is None
    assert outcome.output["stats"]["unread"] == outcome.output["metrics"]["files_not_checked"] == 1
    assert outcome.summary == "1 finding · nothing reviewed"
    assert outcome.degraded == ("1 source file is not checked (FL-A124): a.py.",)


def test_a_file_of_the_tests_that_is_no_text_is_a_finding_and_no_gap(tmp_path: Path) -> None:
    put(tmp_path, "a.py", text="TOTAL = 1\n")
    put(tmp_path, "tests/broken.py", text="\0\0")
    outcome = reviewed(tmp_path)
    assert (outcome.output["stats"]["unread"], outcome.degraded) == (1, ())


def test_a_language_without_a_parser_is_not_checked(tmp_path: Path) -> None:
    put(tmp_path, "a.rb", "b.rb", text="def a; end\n")
    put(tmp_path, "broken.py", text="def f(:\n")
    output = reviewed(tmp_path).output
    assert output["stats"]["not_checked"] == {"Python (not parsed)": 1, "Ruby (by size and duplication only)": 2}
    assert output["metrics"]["files"] == 0


@proves("C9.1")
def test_changed_files_come_first_and_alone_when_asked(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "m.py", "z.py")
    commit_all(tmp_path)
    put(tmp_path, "z.py", text="# more\n" + LATE)
    assert paths(reviewed(tmp_path)) == ["z.py", "a.py", "m.py"]
    only = reviewed(tmp_path, scope="changes")
    assert paths(only) == ["z.py"]
    assert only.output["metrics"]["files_changed"] == 1


def test_what_changed_is_told_against_a_commit(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "m.py", "z.py")
    first = commit_all(tmp_path)
    put(tmp_path, "m.py", text="# more\n" + LATE)
    commit_all(tmp_path)
    put(tmp_path, "new.py")
    assert paths(reviewed(tmp_path, base=first)) == ["m.py", "new.py", "a.py", "z.py"]
    assert paths(reviewed(tmp_path, base=first, scope="changes")) == ["m.py", "new.py"]
    assert paths(reviewed(tmp_path, base="HEAD", scope="changes")) == ["new.py"]


def test_the_same_faults_have_the_same_fingerprints_among_all_and_among_the_changed(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "z.py")
    commit_all(tmp_path)
    put(tmp_path, "z.py", text="# more\n" + LATE)
    every = {one["path"]: one["fingerprint"] for one in reviewed(tmp_path).output["findings"]}
    changed = {one["path"]: one["fingerprint"] for one in reviewed(tmp_path, scope="changes").output["findings"]}
    assert changed == {"z.py": every["z.py"]}


def test_an_unknown_commit_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.py")
    outcome = scan({"base": "main"}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.fault) == ("FL-A122", "author")
    commit_all(tmp_path)
    outcome = scan({"base": "--output=x"}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-A122"


def test_without_git_nothing_is_known_to_have_changed(tmp_path: Path) -> None:
    put(tmp_path, "a.py")
    outcome = reviewed(tmp_path, scope="changes")
    assert paths(outcome) == ["a.py"]
    assert outcome.degraded == (
        "Nothing says which files changed, because this is no git repository; all are reviewed.",
    )


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**/*.py", ["src/b.py", "src/deep/c.py"]),
        ("src/**", ["src/b.py", "src/deep/c.py"]),
        ("?.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("[ab].py", []),
    ],
)
def test_a_pattern_chooses_files(pattern: str, wanted: Sequence[str], tmp_path: Path) -> None:
    put(tmp_path, "a.py", "src/b.py", "src/deep/c.py")
    outcome = reviewed(tmp_path, pattern=pattern)
    assert paths(outcome) == wanted
    assert outcome.degraded == (() if wanted else (f"No file of the tree fits the pattern {pattern}.",))


@pytest.mark.parametrize("pattern", ["/src/*.py", "../*.py"])
def test_a_pattern_that_can_fit_nothing_is_refused(pattern: str, tmp_path: Path) -> None:
    put(tmp_path, "a.py")
    outcome = scan({"pattern": pattern}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-A121"


def test_paths_choose_files_and_folders(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "src/b.py", "srcs/c.py")
    assert paths(reviewed(tmp_path, paths=["src", "a.py"])) == ["a.py", "src/b.py"]
    assert reviewed(tmp_path, paths=["none"]).degraded == ("No file of the tree lies under the paths that were given.",)


def test_a_type_leaves_the_other_rules_out(tmp_path: Path) -> None:
    put(tmp_path, "a.py", text=LATE + "import json\nfirst = list(json.x)[0]\ndef f():\n    return 1\n    f()\n")
    rules = {
        kind: {one["rule"] for one in reviewed(tmp_path, type=kind).output["findings"]}
        for kind in ("all", "quality", "performance", "best-practice")
    }
    assert rules["quality"] == {"review/unreachable-code"}
    assert rules["performance"] == {"review/needless-work"}
    assert rules["best-practice"] == {RULE}
    assert rules["all"] == rules["quality"] | rules["performance"] | rules["best-practice"]


def test_security_is_the_security_scanners(tmp_path: Path) -> None:
    outcome = scan({"type": "security"}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Failed)
    assert outcome.code == "FL-A120"
    assert "security-scanner" in outcome.hint


@pytest.mark.parametrize(
    ("comment", "kind"),
    [
        ("# noqa", "noqa"),
        ("# noqa: B006", "noqa"),
        ("# noqa: F401", None),
        ("# fairlead: ignore", "fairlead"),
        ("# fairlead: ignore[review/mutable-default]", "fairlead"),
        ("# fairlead: ignore[review/long-function]", None),
    ],
)
def test_a_silencing_comment_is_obeyed_and_counted(comment: str, kind: str | None, tmp_path: Path) -> None:
    put(tmp_path, "a.py", text=LATE.replace(":\n", f":  {comment}\n", 1))
    output = reviewed(tmp_path).output
    assert [one["rule"] for one in output["findings"]] == ([] if kind else [RULE])
    assert output["stats"]["suppressed"] == {"noqa": 0, "nosec": 0, "fairlead": 0} | ({kind: 1} if kind else {})
    assert (output["score"] == 100) == (kind is not None)


def test_a_comment_inside_a_function_does_not_silence_the_whole(tmp_path: Path) -> None:
    body = "    rows.append(1)  # noqa\n" * 60
    put(tmp_path, "a.py", text=f"def long(rows):\n{body}")
    assert [one["rule"] for one in reviewed(tmp_path).output["findings"]] == ["review/long-function"]


def test_a_cap_is_named_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "FINDINGS_PER_RULE_MAX", 2)
    put(tmp_path, "a.py", "b.py", "c.py", "d.py")
    outcome = reviewed(tmp_path)
    assert len(outcome.output["findings"]) == 2
    assert outcome.output["stats"]["capped"] == {RULE: 2}
    assert outcome.degraded == ("Of 1 rule only the first 2 findings are listed; 2 more are counted in `capped`.",)
    assert outcome.summary.startswith("4 findings")


class _WithoutRuff(DirectoryWorld):
    """A world in which ruff answers as it is told to."""

    answer = ProcessResult(127, b"", b"no such program", 0.0)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        stdin: bytes = b"",
        stdout_max: int = 10_000_000,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> ProcessResult:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ProcessResult(127, b"", b"no such program", 0.0), "missing"),
        (ProcessResult(1, b"", b"No module named ruff", 0.0), "missing"),
        (ProcessResult(-9, b"", b"", 60.0, is_timed_out=True), "timed out"),
        (ProcessResult(0, b"nonsense", b"", 0.0), "failed"),
        (ProcessResult(2, b"", b"error: unknown rule", 0.0), "failed"),
        (ProcessResult(-9, b"", b"", 0.0, is_cut=True), "partial"),
    ],
)
def test_without_ruff_the_review_is_degraded(answer: ProcessResult, status: str, tmp_path: Path) -> None:
    put(tmp_path, "a.py", text="def f():\n    return 1\n    f()\n")
    world = _WithoutRuff(tmp_path)
    world.answer = answer
    outcome = scan({}, world)
    assert isinstance(outcome, Succeeded)
    assert outcome.output["tools"][0]["status"] == status
    assert outcome.degraded == (outcome.output["tools"][0]["reason"],)
    assert [one["rule"] for one in outcome.output["findings"]] == ["review/unreachable-code"]
    # Nobody measured it: that is not a complexity of 0.
    assert outcome.output["metrics"]["complexity_average"] is None


def test_a_script_without_a_suffix_is_known_by_its_first_line(tmp_path: Path) -> None:
    put(tmp_path, "deploy", text=f"#!/usr/bin/env python3\n{LATE}def f():\n    return 1\n    f()  # noqa\n")
    put(tmp_path, "LICENSE", "start", text="#!/bin/sh\n")
    output = reviewed(tmp_path).output
    assert [(one["path"], one["rule"], one["line"]) for one in output["findings"]] == [("deploy", RULE, 2)]
    assert output["stats"]["by_language"] == {"Python": 1}
    assert output["stats"]["suppressed"]["noqa"] == 1


def test_a_file_that_is_not_utf_8_is_reviewed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("# -*- coding: latin-1 -*-\nNAME = 'é'\n".encode("latin-1") + LATE.encode())
    outcome = reviewed(tmp_path)
    assert [(one["rule"], one["line"]) for one in outcome.output["findings"]] == [(RULE, 3)]
    assert outcome.degraded == ()


def test_the_repositorys_own_ruff_settings_decide_nothing(tmp_path: Path) -> None:
    put(tmp_path, "a.py")
    (tmp_path / "ruff.toml").write_text('exclude = ["*"]\n[lint]\nignore = ["ALL"]\n')
    (tmp_path / "ruff.py").write_text("raise SystemExit(0)\n")
    assert paths(reviewed(tmp_path)) == ["a.py"]


class _WithOneThatRuffDiesOf(DirectoryWorld):
    """A world in which ruff runs, and crashes when it is given `bad.py`."""

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        stdin: bytes = b"",
        stdout_max: int = 10_000_000,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> ProcessResult:
        if "./bad.py" in argv:
            return ProcessResult(-6, b"", b"fatal: stack overflow", 0.0)
        return super().run(argv, timeout_s=timeout_s, stdin=stdin, stdout_max=stdout_max, env=env, cwd=cwd)


def test_a_file_that_ruff_dies_of_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    put(tmp_path, *(f"f{number}.py" for number in range(9)), "bad.py")
    outcome = scan({}, _WithOneThatRuffDiesOf(tmp_path))
    assert isinstance(outcome, Succeeded)
    assert paths(outcome) == [f"f{number}.py" for number in range(9)]
    assert outcome.degraded == ("ruff failed on bad.py (exit code -6, fatal: stack overflow).",)


def test_code_that_is_nested_too_deeply_is_not_clean(tmp_path: Path) -> None:
    chain = "".join(f"    elif a == {number}:\n        return {number}\n" for number in range(3_000))
    put(tmp_path, "a.py", text=f"def f(a):\n    if a < 0:\n        return 0\n{chain}")
    found = reviewed(tmp_path).output["findings"]
    assert [(one["rule"], one["severity"]) for one in found] == [("review/not-parsed", "info")]


@pytest.mark.parametrize("is_empty", [True, False])
def test_the_output_keeps_the_contract_of_the_card(is_empty: bool, tmp_path: Path) -> None:
    if not is_empty:
        put(tmp_path, "a.py", "b.py", "c.rb", "d.js")
        put(tmp_path, "e.py", text="def f(:\n")
        (tmp_path / "g\udcff.py").write_bytes(LATE.encode() + b"\0")
        commit_all(tmp_path)
    card = FileCatalog(read_values).find("code-reviewer")
    assert card is not None
    outcome = reviewed(tmp_path)
    errors = list(jsonschema_rs.validator_for(card.output_schema).iter_errors(outcome.output))
    assert errors == []
    parse(encode(outcome.output))
