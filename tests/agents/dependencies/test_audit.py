"""What the auditor says beyond the planted places: its words, remedies, groups, limits and bad input."""

import json
import random
from pathlib import Path

import pytest

from fairlead.agents.builtin.dependency_auditor import files, reading
from fairlead.agents.builtin.dependency_auditor.audit import audit
from fairlead.core.outcomes import Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.dependencies.parts import Found, audited, findings, import_lines, write
from tests.corpora import dependencies, marks


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return import_lines(tmp_path_factory.mktemp("machine"), dependencies.ADVISORIES)


def only(tree: Path, data: Path, rule: str = "known-vulnerability") -> Found:
    (found,) = [one for one in findings(audited(tree, data)) if one["rule"] == f"dependencies/{rule}"]
    return found


def test_ids_that_mean_the_same_are_one_finding_named_by_what_people_search_for(tmp_path: Path, data: Path) -> None:
    found = only(write(tmp_path, {"requirements.txt": "weak-lib==1.0\n"}), data)
    assert found["message"] == (
        "weak-lib 1.0 is affected by CVE-2026-1000 (GHSA-weak-2222-2222, PYSEC-2026-1): it gives way. Fixed in 2.0."
    )
    assert found["remedy"] == "Write weak-lib==2.0 or a later version."
    assert (found["severity"], found["excerpt"]) == ("high", "weak-lib==1.0")


LOCK_V1 = '{"lockfileVersion": 1, "dependencies": {"weak-lib": {"version": "1.0.0"}}}'
LOCK_V3 = (
    '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"weak-lib": "1"}},'
    ' "node_modules/weak-lib": {"version": "1.0.0"}}}'
)


@pytest.mark.parametrize(
    ("path", "text", "command"),
    [
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "weak-lib"\nversion = "1.0"\n',
            "uv lock --upgrade-package weak-lib",
        ),
        (
            "poetry.lock",
            '[[package]]\nname = "weak-lib"\nversion = "1.0"\n[metadata]\nlock-version = "2.0"\n',
            "poetry update weak-lib",
        ),
        ("package-lock.json", LOCK_V1, "npm update weak-lib"),
        ("package-lock.json", LOCK_V3, "npm install weak-lib@2.0.0"),
        (
            "yarn.lock",
            '# yarn lockfile v1\n\nweak-lib@1:\n  version "1.0.0"\n',
            "yarn upgrade weak-lib; where another package brings it, write it under resolutions in package.json",
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\npackages:\n  weak-lib@1.0.0:\n    x: 1\n",
            "pnpm update -r --depth Infinity weak-lib",
        ),
    ],
)
def test_the_remedy_is_what_one_types(path: str, text: str, command: str, tmp_path: Path, data: Path) -> None:
    found = only(write(tmp_path, {path: text}), data)
    fixed = "2.0" if path in ("uv.lock", "poetry.lock") else "2.0.0"
    assert found["remedy"] == f"Update to {fixed} or later: {command}"


def test_one_update_that_mends_everything_is_better_than_several(tmp_path: Path) -> None:
    lines = [
        dependencies.advisory("lib", id=f"GHSA-{number}", spans=(dependencies.until(fixed),))
        for number, fixed in ((1, "1.5"), (2, "3.0"))
    ]
    data = import_lines(tmp_path / "machine", lines)
    found = findings(audited(write(tmp_path / "tree", {"requirements.txt": "lib==1.0\n"}), data))
    assert [one["message"].rpartition("Fixed in ")[2] for one in found] == ["1.5.", "3.0."]
    assert {one["remedy"] for one in found} == {"Write lib==3.0 or a later version."}


def test_a_fix_that_is_none_is_not_offered(tmp_path: Path, data: Path) -> None:
    found = only(write(tmp_path, {"yarn.lock": '# yarn lockfile v1\n\n"@scope/weak@1":\n  version "1.0.0"\n'}), data)
    assert found["remedy"].startswith("No fixed version is known")


def test_several_versions_in_one_lock_are_one_finding_at_the_first_place(tmp_path: Path, data: Path) -> None:
    packages = {f"node_modules/{n}/node_modules/weak-lib": {"version": f"1.0.{n}"} for n in range(8)}
    tree = write(tmp_path, {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}, indent=1)})
    found = only(tree, data)
    assert "weak-lib 1.0.0, 1.0.1, 1.0.2, 1.0.3, 1.0.4 and others is affected" in found["message"]
    assert found["line"] == 4


def test_the_summary_counts_packages_and_the_files_that_hold_them(tmp_path: Path, data: Path) -> None:
    write(tmp_path, {"package-lock.json": LOCK_V1, "old/package-lock.json": LOCK_V3})
    assert audited(tmp_path, data).summary == "2 findings · 2 packages in 2 lock files · data of 2026-11-20"
    write(tmp_path, {"requirements.txt": "fine-lib==1\n"})
    assert audited(tmp_path, data).summary == "2 findings · 3 packages in 3 files · data of 2026-11-20"


def test_each_version_has_its_own_fix(tmp_path: Path, data: Path) -> None:
    packages = {f"node_modules/{n}/node_modules/weak-lib": {"version": f"{n}.1.0"} for n in (1, 3)}
    tree = write(tmp_path, {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})})
    found = only(tree, data)
    assert found["message"].endswith("Fixed in 2.0.0, 3.1.4.")
    assert found["remedy"] == "Update to 2.0.0 or 3.1.4 or later: npm update weak-lib"


def test_fingerprints_survive_another_version_and_another_line(tmp_path: Path, data: Path) -> None:
    first = only(write(tmp_path / "a", {"requirements.txt": "weak-lib==1.0\n"}), data)
    second = only(write(tmp_path / "b", {"requirements.txt": "# moved\nother==1\nweak-lib==1.7 # held\n"}), data)
    assert first["fingerprint"] == second["fingerprint"]
    assert first["line"] != second["line"]


def test_a_password_in_an_address_is_not_shown(tmp_path: Path, data: Path) -> None:
    secret = "".join(random.Random(7).choices("abcdefgh", k=12))
    address = f"//user:{secret}@packages.example.org"
    tree = write(
        tmp_path,
        {
            "requirements.txt": f"--extra-index-url http:{address}/simple\nlib @ git+https:{address}/lib@main\n",
            "yarn.lock": f'# yarn lockfile v1\n\nlib@1:\n  version "1.0.0"\n  resolved "http:{address}/lib.tgz"\n',
            "package.json": json.dumps({"dependencies": {"lib": f"git+https:{address}/lib.git#main"}}),
            "sub/package.json": json.dumps({"dependencies": {"lib": f"http:{address}/lib.tgz"}}),
            "pyproject.toml": f'[project]\nname = "a"\ndependencies = ["lib @ http:{address}/lib.whl"]\n',
        },
    )
    outcome = audited(tree, data)
    assert len(findings(outcome)) >= 6
    assert secret not in json.dumps(outcome.output) + "".join(outcome.degraded) + outcome.summary


def test_names_and_versions_of_strangers_do_not_become_commands(tmp_path: Path) -> None:
    name = "lib;rm -rf ~"
    line = json.dumps(
        {
            "id": "GHSA-1",
            "modified": "2026-11-20T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": "npm", "name": name},
                    "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
                }
            ],
        }
    )
    data = import_lines(tmp_path / "machine", [line])
    packages = {f"node_modules/{name}": {"version": "1.0.0"}}
    tree = write(tmp_path / "tree", {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})})
    assert only(tree, data)["remedy"] == "Update it to a version that is not affected."


def test_a_version_that_cannot_be_compared_is_said(tmp_path: Path, data: Path) -> None:
    outcome = audited(write(tmp_path, {"requirements.txt": "weak-lib===2004d\nfine-lib===2004d\n"}), data)
    assert outcome.degraded == (
        "requirements.txt: nobody can say whether an advisory is about weak-lib 2004d (FL-A137):"
        " the versions cannot be compared.",
    )
    assert outcome.output["stats"]["incomparable"] == 1


def test_only_what_was_asked_for_is_looked_at(tmp_path: Path, data: Path) -> None:
    tree = write(
        tmp_path,
        {
            "a/requirements.txt": "weak-lib==1.0\n",
            "b/requirements.txt": "weak-lib==1.0\n",
            "package.json": '{"dependencies": {"x": "1"}}',
        },
    )
    outcome = audited(tree, data, paths=["b"])
    assert [one["path"] for one in findings(outcome)] == ["b/requirements.txt"]


def test_requirements_of_a_windows_shell_are_read(tmp_path: Path, data: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("weak-lib==1.0\r\nfine-lib==1\r\n".encode("utf-16"))
    found = only(tmp_path, data)
    assert (found["line"], found["column"], found["end_column"], found["excerpt"]) == (1, 1, 14, "weak-lib==1.0")


def test_a_file_that_is_too_large_is_said_and_the_rest_goes_on(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 100)
    write(tmp_path, {"requirements.txt": "weak-lib==1.0\n", "uv.lock": "#" * 101})
    outcome = audited(tmp_path, data)
    assert outcome.degraded == ("uv.lock is not checked (FL-A134): it is larger than 100 bytes.",)
    assert [one["rule"].partition("/")[2] for one in findings(outcome)] == ["known-vulnerability", "unread-file"]


def test_too_many_packages_and_too_many_files_are_said(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PACKAGES_MAX", 1)
    monkeypatch.setattr(files, "FILES_MAX", 2)
    assert reading.PACKAGES_MAX == 50_000
    write(tmp_path, {f"{name}/requirements.txt": "weak-lib==1.0\nb==1\n" for name in "abc"})
    outcome = audited(tmp_path, data)
    assert [reason.partition(")")[0].rpartition("(")[2] for reason in outcome.degraded] == [
        "FL-A138",
        "FL-A134",
        "FL-A134",
    ]


WHOLE = {
    path.replace("/", "-"): marks.planted(text).text
    for name in ("uv", "Poetry", "PDM, pylock and Pipenv", "npm", "Yarn", "pnpm", "requirements")
    for path, text in dependencies.REPOSITORIES[name].items()
    if files.name_of(path.rpartition("/")[2])
}


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_makes_it_stumble(seed: int, tmp_path: Path, data: Path) -> None:
    """Cut anywhere, bytes exchanged, lines doubled: a finding, a reason, or nothing, and never an exception."""
    dice = random.Random(seed)
    for name, text in WHOLE.items():
        for turn in range(6):
            raw = bytearray(text.encode())
            match turn % 3:
                case 0:
                    del raw[dice.randrange(len(raw)) :]
                case 1:
                    for _ in range(3):
                        raw[dice.randrange(len(raw))] = dice.randrange(256)
                case _:
                    lines = raw.splitlines(keepends=True)
                    dice.shuffle(lines)
                    raw = bytearray(b"".join(lines))
            target = tmp_path / f"{seed}" / name / f"{turn}" / _plain_name(name)
            target.parent.mkdir(parents=True)
            target.write_bytes(raw)
    outcome = audited(tmp_path, data)
    assert outcome.output["stats"]["files"] + outcome.output["stats"]["unread"] > 10


def _plain_name(name: str) -> str:
    """What a file is called at the end of a name that held its folders."""
    known = ("package-lock.json", "package.json", "pyproject.toml", "pylock.toml", "Pipfile.lock", "pnpm-lock.yaml")
    locks = ("uv.lock", "poetry.lock", "pdm.lock", "yarn.lock")
    return next((one for one in (*known, *locks) if name.endswith(one)), "requirements.txt")


def test_a_lock_that_nests_without_end_is_broken_and_not_a_stumble(tmp_path: Path, data: Path) -> None:
    deep = '{"lockfileVersion": 1, "dependencies": ' + '{"a": {"version": "1.0.0", "dependencies": ' * 5_000
    deep += "{}" + "}}" * 5_000 + "}"
    outcome = audited(write(tmp_path, {"package-lock.json": deep}), data)
    assert outcome.degraded == ("package-lock.json is not checked (FL-A132): it is nested too deep.",)


def test_a_large_lock_is_cheap(tmp_path: Path, data: Path) -> None:
    """Counted, not timed: what costs is opening shards, and only those are opened that know a name."""
    packages = {f"node_modules/lib-{n}": {"version": "1.0.0", "integrity": dependencies.SRI} for n in range(2_000)}
    packages["node_modules/weak-lib"] = {"version": "1.0.0", "integrity": dependencies.SRI}
    write(tmp_path, {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2)})
    opened: list[str] = []

    class Watched(LocalToolWorld):
        def data(self, name: str) -> bytes | None:
            opened.append(name.rpartition("/")[2])
            return super().data(name)

    outcome = audit({}, Watched(str(tmp_path), data_dir=str(data), today=dependencies.TODAY))
    assert isinstance(outcome, Succeeded)
    assert len(findings(outcome)) == 1
    assert opened[:2] == ["current.json", "names"]
    assert len(opened) == 3
