"""Files that are not what they promise: a code and a reason, and the rest goes on."""

import random

import pytest

from fairlead.agents.builtin.compliance_checker.tree import BROKEN_TOLD_MAX, LOCK_BYTES_MAX
from tests.agents.compliance.conftest import Check, found

GOOD = {"node_modules.txt": "", "package-lock.json": '{"packages": {"node_modules/a": {"license": "GPL-3.0-only"}}}'}
# What looks into each of these files says so with FL-A143.
BROKEN = [
    ("web/package-lock.json", b"{"),
    ("web/package-lock.json", b"[]"),
    ("web/package-lock.json", b'{"packages": []}'),
    ("web/package-lock.json", b"[" * 200_000),
    ("web/package-lock.json", b"\0\1\2"),
    ("composer.lock", b"{}"),
    ("bom.json", b"{}"),
    ("package.json", b"[]"),
    ("package.json", b"{'a': 1}"),
    ("composer.json", b"1"),
    ("pyproject.toml", b"[project\n"),
    ("Cargo.toml", b"a = \n"),
    ("setup.cfg", b"license = x\n"),
    ("setup.py", b"def f(:\n"),
    ("setup.py", b"(" * 5_000),
    ("v/a-1.dist-info/METADATA", b"nothing"),
    (".github/workflows/a.yml", b"jobs:\n\tx\n"),
    (".github/workflows/a.yml", b"[" * 100_000),
    (".gitlab-ci.yml", b"a: [\n"),
    ("LICENSE", b"\0" * 100),
    ("Dockerfile", b"FROM \0"),
]


@pytest.mark.parametrize(("path", "data"), BROKEN)
def test_a_broken_file_is_named_with_its_code_and_the_rest_is_judged(check: Check, path: str, data: bytes) -> None:
    outcome = check({**GOOD, path: data})
    (reason,) = outcome.degraded
    assert reason.startswith(f"FL-A143: {path} ")
    assert reason.endswith(".")
    assert found(outcome, "licence-not-allowed") == [("package-lock.json", 1)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", '{"license": 5, "dependencies": [1], "name": {}}'),
        ("package.json", '{"license": [null, {"type": 3}], "licenses": "x"}'),
        ("package-lock.json", '{"packages": {"node_modules/a": 5, "node_modules/b": {"license": {"type": []}}}}'),
        ("package-lock.json", '{"packages": {"node_modules/a": {"license": "\\u0000\\ud800"}}}'),
        ("pyproject.toml", '[project]\nlicense = 5\nclassifiers = "x"\ndependencies = {a = 1}\n'),
        ("pyproject.toml", "project = 5\ntool = 6\n"),
        ("Cargo.toml", "package = 5\n"),
        ("composer.json", '{"license": {"a": 1}, "require": []}'),
        ("bom.json", '{"bomFormat": "CycloneDX", "components": [{"name": 5, "licenses": {}}, 5, {"licenses": [{}]}]}'),
        ("setup.py", "setup(name=f(), license=g(), classifiers=h())\n"),
        ("a-1.dist-info/METADATA", "Name: a\n\nLicense: x\n"),
        (".gitlab-ci.yml", "5"),
        (".github/workflows/a.yml", "jobs: 5\npermissions: [5]\n"),
        (".github/workflows/a.yml", "jobs:\n a: {uses: 5, container: {image: {}}}\n"),
        (".gitignore", "[\n!\n/\n"),
        (".env", "=\n==\nA\n"),
        ("Dockerfile", "FROM\nUSER\n"),
    ],
)
def test_odd_forms_are_no_reason_to_stop(check: Check, path: str, text: str) -> None:
    outcome = check({"LICENSE": "x", path: text})
    assert outcome.degraded == ()
    assert len(outcome.output["controls"]) == 15


def test_a_broken_file_among_tests_is_meant_to_be(check: Check) -> None:
    assert check({"tests/data/package-lock.json": "{", "examples/pyproject.toml": "["}).degraded == ()


def test_a_file_that_is_too_large_is_named(check: Check) -> None:
    outcome = check({"pyproject.toml": b"#" * (LOCK_BYTES_MAX + 1), **GOOD})
    assert [reason[:26] for reason in outcome.degraded] == ["FL-A144: pyproject.toml wa"]
    assert found(outcome, "licence-not-allowed") == [("package-lock.json", 1)]


def test_many_broken_files_are_named_and_the_rest_is_counted(check: Check) -> None:
    outcome = check({f"p{number:02}/package.json": "{" for number in range(BROKEN_TOLD_MAX + 2)})
    assert len(outcome.degraded) == BROKEN_TOLD_MAX + 1
    assert outcome.degraded[-1] == "2 more files could not be understood."


def test_an_empty_tree_says_nothing_good(check: Check) -> None:
    outcome = check({})
    assert outcome.degraded == ("There is no file to look at, so nothing here says that anything is well.",)
    assert not [row for row in outcome.output["controls"] if row["state"] == "met"]


@pytest.mark.parametrize("seed", range(12))
def test_any_bytes_are_survived(check: Check, seed: int) -> None:
    chance = random.Random(seed)
    paths = sorted(
        {path for path, _ in BROKEN} | {".env", ".gitignore", "a.py", "a.js", "settings.py", "nginx.conf", "a.ts"}
    )
    words = [
        b"\n",
        b'"license": ',
        b"{",
        b"}",
        b"[",
        b"MIT OR ",
        b"os.environ[",
        b"'A_B'",
        b"process.env.",
        b"express()",
        b": ",
        b"server {",
    ]
    words += [
        b"ROOT_URLCONF = ",
        b"MIDDLEWARE",
        b"'express'",
        b"helmet",
        b"FROM ",
        b"USER ",
        b"\xff",
        b"\xe2\x82",
        b"uses: ",
        b"- ",
        b"\r",
    ]
    files = {path: b"".join(chance.choice(words) for _ in range(chance.randrange(60))) for path in paths}
    outcome = check({**GOOD, **files})
    # A parametrised seed stands in the name of the test, so a failure says it.
    assert all(reason.startswith("FL-A14") for reason in outcome.degraded)
    assert ("package-lock.json", 1) in found(outcome, "licence-not-allowed")
