"""Files as they really are: encodings, line ends, comments that silence, and source that is made to break a reader."""

from pathlib import Path

import pytest

from fairlead.agents.builtin.security import python
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld
from tests.agents.security.test_python_scan import places, rules, run, write

DANGER = "import pickle\ndef f(data):\n    pickle.loads(data)\n"


def _silence(comment: str) -> str:
    return f"import pickle\ndef f(data):\n    pickle.loads(data)  {comment}\n"


# --------------------------------------------------------------------------------------------------------- silencing


SILENCING = {
    "# noqa": "noqa",
    "# NOQA": "noqa",
    "#noqa:S301": "noqa",
    "# noqa: E501, S301": "noqa",
    "# type: ignore # noqa: S301": "noqa",
    "# nosec": "nosec",
    "# nosec B301": "nosec",
    "# nosec: B101, B301": "nosec",
    "# nosec the cache is our own": "nosec",
    "# fairlead: ignore[security/unsafe-deserialisation]": "fairlead",
    "# fairlead: ignore[weak-hash, unsafe-deserialisation]": "fairlead",
    "# fairlead: ignore": "fairlead",
}
NOT_SILENCING = (
    "# noqa: E501",
    "# nosec B101",
    "# fairlead: ignore[weak-hash]",
    "# see noqa",
    "",
    "; x = '# noqa'",
    "# nosecure",
)


def test_a_silencing_comment_is_honoured_and_counted(tmp_path: Path) -> None:
    outcome = run(write(tmp_path, {f"{number}.py": _silence(comment) for number, comment in enumerate(SILENCING)}))
    assert [f["excerpt"] for f in outcome.output["findings"]] == []
    kinds = list(SILENCING.values())
    counts = {kind: kinds.count(kind) for kind in ("noqa", "nosec", "fairlead")}
    assert outcome.output["stats"]["suppressed"] == counts


def test_a_comment_that_means_something_else_silences_nothing(tmp_path: Path) -> None:
    outcome = run(write(tmp_path, {f"{number}.py": _silence(comment) for number, comment in enumerate(NOT_SILENCING)}))
    assert rules(outcome) == [("unsafe-deserialisation", 3)] * len(NOT_SILENCING)
    assert outcome.output["stats"]["suppressed"] == {"noqa": 0, "nosec": 0, "fairlead": 0}


def test_a_comment_on_any_line_of_the_finding_counts(tmp_path: Path) -> None:
    code = "import pickle\ndef f(data):\n    pickle.loads(\n        data,  # nosec\n    )\n"
    assert run(write(tmp_path, {"a.py": code})).output["stats"]["suppressed"]["nosec"] == 1


@pytest.mark.parametrize(
    ("comment", "left"), [("# ruff: noqa", 0), ("# flake8: noqa: S301", 0), ("# ruff: noqa: S101", 1)]
)
def test_a_comment_for_the_whole_file(tmp_path: Path, comment: str, left: int) -> None:
    outcome = run(write(tmp_path, {"a.py": f"{comment}\n{DANGER}"}))
    assert len(outcome.output["findings"]) == left
    assert outcome.output["stats"]["suppressed"]["noqa"] == 1 - left


def test_silenced_findings_of_both_tools_are_counted_once(tmp_path: Path) -> None:
    code = "import hashlib\nimport pickle\ndef f(x):\n    hashlib.md5(pickle.loads(x))  # noqa: S301\n"
    outcome = run(write(tmp_path, {"a.py": code}))
    assert rules(outcome) == [("weak-hash", 4)]
    assert outcome.output["stats"]["suppressed"]["noqa"] == 1


# ---------------------------------------------------------------------------------------------- encodings, line ends


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("byte order mark", b"\xef\xbb\xbf" + DANGER.encode()),
        ("CRLF", DANGER.replace("\n", "\r\n").encode()),
        ("CR", DANGER.replace("\n", "\r").encode()),
        ("no end", DANGER.rstrip().encode()),
        ("form feed", DANGER.replace("def", "\f\ndef", 1).replace("\n\f\n", "\n\f").encode()),
        ("Latin-1", b"# coding: latin-1\nimport pickle\npickle.loads(data)\n# caf\xe9\n"),
        ("line separator", DANGER.replace("import pickle", "import pickle  # \u2028 x").encode()),
    ],
)  # fmt: skip
def test_every_reader_agrees_about_the_line(tmp_path: Path, name: str, content: bytes) -> None:
    found = run(write(tmp_path, {"a.py": content})).output["findings"]
    assert [(f["line"], f["origin"]) for f in found] == [(3, ["bandit", "own", "ruff"])]
    assert found[0]["excerpt"].strip() == "pickle.loads(data)"


def test_columns_count_characters(tmp_path: Path) -> None:
    code = "import pickle\ndef f(data):\n    x = 'éé🙂'; pickle.loads(data)\n"
    (found,) = run(write(tmp_path, {"a.py": code})).output["findings"]
    assert found["column"] == code.split("\n")[2].index("pickle") + 1
    assert found["end_column"] == len(code.split("\n")[2]) + 1


def test_a_file_whose_coding_lies_is_read_all_the_same(tmp_path: Path) -> None:
    outcome = run(write(tmp_path, {"a.py": b"# coding: no-such-code\nimport pickle\npickle.loads(data) # \xff\n"}))
    assert ("unsafe-deserialisation", 3) in rules(outcome)


def test_names_that_are_not_utf8_or_hold_newlines(tmp_path: Path) -> None:
    names = [
        b"caf\xe9.py",
        b"new\nline.py",
        b"esc\x1b[31m.py",
        b"back\\slash.py",
        "é.py".encode(),
        b"a\xff.py",
        b"a\xfe.py",
    ]
    for name in names:
        Path(tmp_path.joinpath("x").parent, name.decode("utf-8", "surrogateescape")).write_bytes(DANGER.encode())
    outcome = run(DirectoryWorld(tmp_path))
    assert [f["origin"] for f in outcome.output["findings"]] == [["bandit", "own", "ruff"]] * len(names)
    assert len({f["path"] for f in outcome.output["findings"]}) == len(names)
    assert [tool["status"] for tool in outcome.output["tools"]] == ["ok", "ok"]


# --------------------------------------------------------------------------------------------------- made to break


def _not_parsed(outcome: Succeeded) -> list[tuple[str, str]]:
    return [(f["rule"], f["severity"]) for f in outcome.output["findings"]]


def test_a_syntax_error_is_one_finding_and_the_other_files_are_read(tmp_path: Path) -> None:
    outcome = run(write(tmp_path, {"a.py": "import pickle\ndef f(:\n  pickle.loads(x\n", "b.py": DANGER}))
    assert places(outcome) == {
        ("a.py", "security/not-parsed", 2, "info"),
        ("b.py", "security/unsafe-deserialisation", 3, "medium"),
    }


def test_a_syntax_error_where_no_rule_has_a_word_is_found_too(tmp_path: Path) -> None:
    outcome = run(write(tmp_path, {"a.py": "print 'hello'\n"}))
    assert places(outcome) == {("a.py", "security/not-parsed", 1, "info")}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle\nx = " + "(" * 5_000 + ")" * 5_000,
        "import pickle\nx = " + "[" * 150 + "]" * 150,
        "import pickle\nx = " + "-" * 3_000 + "1",
        "import pickle\nx = a" + ".b" * 3_000,
        "import pickle\nx = f" + "()" * 3_000,
        "import pickle\nx = '" + "y" * 1_000_000 + "'",
        "import pickle\n" + "".join(f"{' ' * depth}if x:\n" for depth in range(120)) + " " * 120 + "pass\n",
        "import pickle\n\0\n",
        "import pickle\nx = '\\ud800'\n",
        "",
        "\n" * 10_000,
        "\N{BYTE ORDER MARK}" * 2,
    ],
    ids=["parentheses", "lists", "signs", "attributes", "calls", "long line", "blocks", "NUL", "surrogate", "empty",
         "blank", "marks"],
)  # fmt: skip
def test_hostile_source_breaks_nothing(tmp_path: Path, code: str) -> None:
    outcome = run(write(tmp_path, {"a.py": code, "b.py": DANGER}))
    assert {rule for path, rule, _, _ in places(outcome) if path == "a.py"} <= {"security/not-parsed"}
    assert ("b.py", "security/unsafe-deserialisation", 3, "medium") in places(outcome)


def test_a_thousand_parts_of_one_text_are_followed() -> None:
    parts = " + ".join(["'a'"] * 1_000)
    code = f"from flask import request\neval({parts} + request.args['x'])\n"
    assert [(m.rule, m.line, m.severity) for m in python.scan_file("a.py", code)] == [
        ("security/code-injection", 2, "critical")
    ]


def test_a_very_long_line_is_cut_in_the_excerpt(tmp_path: Path) -> None:
    code = "import pickle\ndef f(data):\n    pickle.loads(data); x = '" + "y" * 100_000 + "'\n"
    (found,) = run(write(tmp_path, {"a.py": code})).output["findings"]
    assert len(found["excerpt"]) == 200


def test_notebooks_and_stubs_are_not_python_source() -> None:
    assert [path for path in ("a.py", "b.pyw", "c.pyi", "d.ipynb", "py", "e.PY") if python.wants(path)] == [
        "a.py",
        "b.pyw",
    ]
