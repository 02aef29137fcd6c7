"""A finding keeps its fingerprint when a formatter has been over the file, and loses it when the code changes."""

import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from fairlead.agents.builtin.secret_scanner import scan as scan_secrets
from fairlead.agents.builtin.security.scan import scan
from fairlead.agents.builtin.statements import STATEMENT_CHARACTERS_MAX, Statements
from fairlead.core.findings import Finding, Fingerprints
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld
from tests.corpora import security_python
from tests.proves import proves

RUFF = Path(sys.executable).with_name("ruff")
SEED = 20261121
_MARK = re.compile(r"[ \t]*#! .*$", re.MULTILINE)  # a comment that would move with its line and make it longer


def write(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


def fingerprints(root: Path) -> Counter[tuple[str, str, str]]:
    """What both scanners find in *root*: rule, path and fingerprint."""
    found: Counter[tuple[str, str, str]] = Counter()
    for outcome in (scan({}, DirectoryWorld(root)), scan_secrets({"history": False}, DirectoryWorld(root))):
        assert isinstance(outcome, Succeeded)
        assert isinstance(outcome.output, dict)
        for finding in msgspec.convert(outcome.output["findings"], list[Finding]):
            found[finding.rule, finding.path, finding.fingerprint] += 1
    return found


def python_files() -> dict[str, str]:
    return {path: _MARK.sub("", text) for path, text in security_python.planted().items() if path.endswith(".py")}


def of(path: str, text: str, line: int, column: int = 1) -> str:
    return Fingerprints().of("security/x", path, Statements.of(path, text).text_at(line, column))


@proves("C8")
def test_a_formatter_changes_no_fingerprint(tmp_path: Path) -> None:
    """Every planted Python file, wrapped for three widths and moved by comments above: the same findings as before."""
    files = python_files()
    before = fingerprints(write(tmp_path / "before", files))
    assert len(before) > 100
    chance = random.Random(SEED)
    for width in (60, 88, 120):
        root = write(tmp_path / str(width), files)
        command = [str(RUFF), "format", "--isolated", "--quiet", f"--line-length={width}", str(root)]
        subprocess.run(command, check=True, capture_output=True)
        for path in files:
            text = (root / path).read_text("utf-8")
            comments = "".join(f"# moved {number}\n\n" for number in range(chance.randrange(1, 5)))
            (root / path).write_text(comments + text, "utf-8")
        after = fingerprints(root)
        assert after == before, (SEED, width, sorted((before - after).items()), sorted((after - before).items()))


def test_a_change_of_the_code_is_a_new_fingerprint() -> None:
    text = "def f(name):\n    return db.execute(\n        'select ' + name,\n        one,\n    )\n"
    was = of("a.py", text, 2, 12)
    for old, new in (("name", "title"), ("select", "delete"), ("one", "two"), ("execute", "run"), ("+", "%")):
        changed = text.replace(old, new)
        assert of("a.py", changed, 2, 12) != was, (old, new)
    assert of("a.py", text.replace("def f", "def g"), 2, 12) == was, "what stands around it does not count"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = f(a, b)", "x = f(\n    a,\n    b,\n)"),
        ("x = 'it\\'s'", 'x = "it\'s"'),
        ("x = a + \\\n  b", "x = (\n  a\n  + b\n)"),
        ("x = F'{a}' + 0XFF + 1E5", 'x = f"{a}" + 0xFF + 1e5'),
        ("x = ('one '\n     'two')", 'x = "one two"'),
        ("if (a\n    and b):\n  pass", "if a and b:\n    pass"),
        ("class A():\n  x = 1", "class A:\n    x = 1"),
        ("f(a,  # why\n  b)", "f(a, b)  # why"),
    ],
)
def test_two_ways_to_write_one_python_statement(one: str, other: str) -> None:
    assert of("a.py", one, 1) == of("a.py", other, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("const a = 'x'", 'const a =\n  "x";'),
        ("run(a, b => { go(b) })", "run(a, (b) => {\n  go(b);\n  more();\n});"),
        ("if (a) go()", "if (a) {\n  go();\n}"),
        ("export const f = eval(x);", "export const f = eval(\n  x,\n);"),
        ("return_({ 'a': eval(x) })", "return_({\n  a: eval(x), // why\n});"),
        ("const é = `x`;", 'const é = "x"'),
    ],
)
@pytest.mark.parametrize("path", ["a.js", "a.tsx"])
def test_two_ways_to_write_one_javascript_statement(path: str, one: str, other: str) -> None:
    assert of(path, one, 1) == of(path, other, 1)


def test_a_javascript_statement_is_the_innermost_one_and_changes_with_its_code() -> None:
    text = "app.get('/', (req, res) => {\n  const x = req.query.x;\n  res.send(\n    eval(x));\n});\n"
    statements = Statements.of("a.js", text)
    assert statements.text_at(4, 5) == "res.send(\n    eval(x));"
    assert statements.text_at(1) == "app.get('/', (req, res) => );"
    assert of("a.js", text, 4, 5) != of("a.js", text.replace("eval(x)", "eval(y)"), 4, 5)


def test_decorators_headers_and_bodies_are_told_apart() -> None:
    text = "@route('/')\ndef f(a,\n      b):  # c\n    x = 1; y = eval(a)\nclass C: z = 3\n"
    statements = Statements.of("a.py", text)
    found = [statements.text_at(line, column).split() for line, column in ((1, 2), (2, 1), (3, 7), (4, 5), (4, 12))]
    assert found == [
        ["route('/')"],
        ["def", "f(a,", "b):"],
        ["def", "f(a,", "b):"],
        ["x", "=", "1"],
        ["y", "=", "eval(a)"],
    ]
    assert statements.text_at(5, 1) == "class C: "
    plain, decorated = "class D(E):\n    def x(self): ...\n", "class D(E):\n    @cached\n    def x(self): ...\n"
    assert of("a.py", plain, 1) == of("a.py", decorated, 1)
    assert statements.text_at(5, 10) == "z = 3"


def test_what_is_masked_never_enters_a_fingerprint() -> None:
    text = 'x = {\n    "password": "one",\n    "other": """two\n    three""",\n}\n'
    statements = Statements.of("a.py", text)
    masks = [(2, 17, 2, 22), (3, 14, 4, 13)]
    shown = statements.text_at(2, 5, masks)
    assert not any(word in shown for word in ("one", "two", "three"))
    assert '"password": …' in shown


@pytest.mark.parametrize("path", ["a.py", "a.js", "a.yaml"])
def test_what_cannot_be_read_and_what_is_too_long_counts_by_its_line(path: str) -> None:
    broken = "x = (\ny = eval(z)\n" if path == "a.py" else "\ny = eval(z)"
    assert Statements.of(path, broken).text_at(2) == "y = eval(z)"
    rows = "".join(f'  "name{number}": "{number}",\n' for number in range(STATEMENT_CHARACTERS_MAX // 8))
    long = f"x = {{\n{rows}}}\n"
    assert Statements.of(path, long).text_at(3) == '  "name1": "1",'
    assert Statements.of(path, "").text_at(0) == ""
    assert Statements.of(path, "a").text_at(7) == ""


def test_other_line_ends_and_characters_of_several_bytes_change_nothing() -> None:
    text = "# ü\nx = 'ü'; y = eval(\n  'ä' + z)\n"
    was = of("a.py", text, 2, 10)
    for end in ("\r\n", "\r"):
        assert of("a.py", text.replace("\n", end), 2, 10) == was
    assert Statements.of("a.py", text).text_at(2, 10) == "y = eval(\n  'ä' + z)"
