"""One repository with everything that can be wrong with a file: each is named, and nothing else is lost for it."""

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.journeys.door import Answer, Door
from tests.journeys.repositories import FAULTS, FAULTY, commit, differences, git, snapshot
from tests.journeys.reviews import found, steps
from tests.proves import proves

# Nobody may read a file of mode 0 but root, who therefore does without that right here.
WITHIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
BINARY = bytes(range(256)) * 8


class Bad(NamedTuple):
    """A file that is not what its name says, and how that must be told."""

    data: str | bytes
    rules: tuple[str, ...]  # of the findings that name it
    code: str = ""  # of the reasons that name it


UNREAD = ("dependencies/unread-file",)
BAD: dict[str, Bad] = {
    # Lock files, each kind broken in a way of its own.
    "a/package-lock.json": Bad('{"lockfileVersion": 3, "packages": {"node_modules/x": {"ver', UNREAD, "FL-A132"),
    "b/package-lock.json": Bad('{"lockfileVersion": 99, "packages": {}}', UNREAD, "FL-A133"),
    "c/npm-shrinkwrap.json": Bad("[]", UNREAD, "FL-A132"),
    "d/yarn.lock": Bad(b"\x00\x01\x02", UNREAD, "FL-A132"),
    "e/pnpm-lock.yaml": Bad("lockfileVersion: '9.0'\npackages: {a: [\n", UNREAD, "FL-A132"),
    "f/poetry.lock": Bad('[[package]\nname = "x"\n', UNREAD, "FL-A132"),
    "g/uv.lock": Bad(b"\xff\xfe\x00\xd8", UNREAD, "FL-A132"),
    "h/Pipfile.lock": Bad("7", UNREAD, "FL-A132"),
    "i/pylock.toml": Bad('lock-version = "1.0\n', UNREAD, "FL-A132"),
    "j/pdm.lock": Bad("[[x", UNREAD, "FL-A132"),
    "deep/package-lock.json": Bad('{"a":' * 20_000 + "1" + "}" * 20_000, UNREAD, "FL-A132"),
    "closed/package-lock.json": Bad("{}", (*UNREAD, "secrets/unread-file"), "FL-A134"),
    # Requirements that lead in a circle, and to nowhere.
    "circle/requirements.txt": Bad("-r more.txt\n", ("dependencies/broken-include",), "FL-A135"),
    "circle/more.txt": Bad("-r requirements.txt\n-r gone.txt\n", ("dependencies/broken-include",), "FL-A135"),
    "self/requirements.txt": Bad("-r requirements.txt\n", ("dependencies/broken-include",), "FL-A135"),
    # Binary files with source endings.
    "bin/b.py": Bad(BINARY, ("review/unread-file", "security/not-parsed"), "FL-A124"),
    "bin/b.js": Bad(BINARY, ("review/unread-file",), "FL-A124"),
    "bin/b.go": Bad(BINARY, ("review/unread-file",), "FL-A124"),
    "bin/Dockerfile": Bad(BINARY, (), "FL-A143"),
    # Licences that do not parse.
    "l/package.json": Bad('{"name": "l", "license": "MIT OR"}', ("compliance/licence-not-parsed",)),
    "m/pyproject.toml": Bad('[project]\nname = "m"\nlicense = "((MIT"\n', ("compliance/licence-not-parsed",)),
    "n/package-lock.json": Bad(
        '{"lockfileVersion": 3, "packages": {"node_modules/x": {"version": "1.0.0", "license": "FOO AND"}}}',
        ("compliance/licence-not-parsed",),
    ),
    "o/package.json": Bad('{"name": "o", "dependencies": {', UNREAD, "FL-A143"),
    # Files without measure, without text, without rights.
    "huge.py": Bad("x = 1\n" * 400_000, ("review/unread-file", "security/unread-file"), "FL-A124"),
    "nested.py": Bad("x = " + "-" * 100_000 + "1\n", ("review/not-parsed",), "ruff failed on nested.py"),
    "nested.js": Bad("x = " + "[\n" * 20_000 + ";\n", ("review/js-not-parsed",)),
    "closed.py": Bad(FAULTY, ("review/unread-file", "security/unread-file", "secrets/unread-file"), "FL-A124"),
    "latin.py": Bad(b'# caf\xe9\nx = "\xff"\n', ("security/not-parsed",)),
    "wrong.py": Bad("def f(:\n    pass\n", ("review/broken-syntax",)),
    # CI files that are no YAML.
    ".github/workflows/broken.yml": Bad("on: [push\njobs: {a: {steps: [", ("security/not-parsed",), "FL-A143"),
    ".gitlab-ci.yml": Bad("a: [\n\t- b", ("security/not-parsed",), "FL-A143"),
}
LODASH = '{"lockfileVersion": 3, "packages": {\n"node_modules/lodash": {"version": "4.17.0", "license": "MIT"}}}\n'
WORKFLOW = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: a/b@main\n"
GOOD = {"app.py": FAULTY, "good/package-lock.json": LODASH, ".github/workflows/good.yml": WORKFLOW}


class Reviewed(NamedTuple):
    root: Path
    door: Door
    answer: Answer
    again: Answer

    @property
    def view(self) -> Any:  # a JSON document
        return self.answer.json


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """The repository, reviewed twice."""
    folder = tmp_path_factory.mktemp("bad")
    root, door = folder / "bad", Door(folder / "home")
    git(folder, "init", "-q", "-b", "main", str(root))
    for path, data in (*GOOD.items(), *((path, bad.data) for path, bad in BAD.items())):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data if isinstance(data, bytes) else data.encode())
    commit(root)
    (root / "closed.py").chmod(0)
    (root / "closed/package-lock.json").chmod(0)
    before = snapshot(root)
    answers = [door.review(root, "--sarif", str(folder / f"{number}.sarif"), within=WITHIN) for number in (1, 2)]
    assert differences(before, snapshot(root)) == []
    return Reviewed(root, door, *answers)


@pytest.mark.parametrize("path", BAD)
def test_each_bad_file_is_named_by_a_rule_or_a_code(path: str, reviewed: Reviewed) -> None:
    bad = BAD[path]
    rules = {one["rule"] for one in reviewed.view["findings"] if one["path"] == path}
    assert rules >= set(bad.rules), rules
    reasons = [one for one in reviewed.view["reasons"] if bad.code and bad.code in one]
    if bad.code == "FL-A124":  # counted, and named as far as there is room
        assert reasons == ["review: 5 source files are not checked (FL-A124): " + reasons[0].partition("): ")[2]]
        assert path in reasons[0]
    elif bad.code:
        assert any(path in one for one in reasons), reviewed.view["reasons"]
    assert rules or reasons


@proves("C8.10")
def test_every_other_step_and_file_is_complete(reviewed: Reviewed) -> None:
    view = reviewed.view
    assert reviewed.answer.exit_code == 1, "what is wrong in the good files is over the limit"
    partial = ("security", "review", "dependencies", "compliance")
    expected = {**dict.fromkeys(partial, "degraded"), "inventory": "succeeded", "secrets": "succeeded"}
    assert (view["status"], steps(view)) == ("degraded", expected)
    told = dict.fromkeys(reason.partition(":")[0] for reason in view["reasons"])
    assert tuple(told) == partial, "in the order of the workflow, whichever ended first"
    assert found(view)["app.py"] == FAULTS
    of_good = {(one["path"], one["rule"], one["line"]) for one in view["findings"] if one["path"] in GOOD}
    assert of_good >= {
        ("good/package-lock.json", "dependencies/known-vulnerability", 2),
        (".github/workflows/good.yml", "security/ci-unpinned-action", 7),
    }
    assert not {one["path"] for one in view["findings"] if one["path"] in GOOD} - set(GOOD)


def test_nobody_sees_a_traceback_and_every_code_can_be_explained(reviewed: Reviewed) -> None:
    shown = reviewed.door.call(reviewed.root, "runs", "show", "-v")
    for text in (reviewed.answer.text, reviewed.answer.said, shown.text, shown.said):
        assert "Traceback" not in text
        assert "FL-X" not in text
    codes = sorted(set(re.findall(r"FL-[A-Z]\d{3}", " ".join(reviewed.view["reasons"]))))
    assert codes == ["FL-A124", "FL-A132", "FL-A133", "FL-A134", "FL-A135", "FL-A143", "FL-A144"]
    assert reviewed.door.call(reviewed.root, "explain", codes[0]).exit_code == 0
    reviewed.door.verify(reviewed.root)


@proves("C8.6")
def test_two_reviews_of_bad_files_say_the_same(reviewed: Reviewed) -> None:
    first, second = reviewed.answer.json, reviewed.again.json
    for view in (first, second):
        for one in view["findings"]:
            one.pop("is_since_previous", None)  # of the second run alone
    for name in ("findings", "reasons", "totals", "controls", "status"):
        assert first[name] == second[name], name
    said = [{one["step"]: one.get("summary") for one in view["steps"]} for view in (first, second)]
    assert said[0] == said[1]


def test_a_dump_that_is_cut_off_is_refused_and_the_data_stay(reviewed: Reviewed, tmp_path: Path) -> None:
    root, door = reviewed.root, reviewed.door
    events = [{"introduced": "0"}, {"fixed": "2.0.0"}]
    package = {"ecosystem": "npm", "name": "weak-lib"}
    rows = [
        {
            "id": f"GHSA-{number}",
            "modified": "2026-01-01T00:00:00Z",
            "affected": [{"package": package, "ranges": [{"type": "SEMVER", "events": events}]}],
        }
        for number in range(3)
    ]
    whole = tmp_path / "dump.json"
    whole.write_text(json.dumps(rows))
    assert door.call(root, "data", "import", str(whole)).exit_code == 0
    before = door.call(root, "data", "show", "--json").json["ecosystems"]
    whole.write_bytes(whole.read_bytes()[:-30])
    refused = door.call(root, "data", "import", str(whole), "--json")
    assert (refused.exit_code, refused.json["errors"][0]["code"]) == (8, "FL-N042")
    assert door.call(root, "data", "show", "--json").json["ecosystems"] == before
