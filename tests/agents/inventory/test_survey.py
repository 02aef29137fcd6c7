"""What the inventory says of whole trees."""

import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from fairlead.agents.builtin.inventory import scan
from fairlead.core.json import Json, encode, parse
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld, commit_all

CARD = Path(__file__).parents[3] / "src/fairlead/agents/builtin/cards/inventory.md"


def written(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def report(root: Path, **inputs: Json) -> tuple[dict[str, Any], str]:
    """The report and its summary; every report fits the card's schema and strict JSON."""
    outcome = scan(inputs, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    assert parse(encode(outcome.output)) == outcome.output
    card = yaml.safe_load(CARD.read_text().split("---\n")[1])["fairlead"]
    jsonschema_rs.validator_for(card["output_schema"]).validate(outcome.output)
    jsonschema_rs.validator_for(card["input"]).validate(inputs)
    return outcome.output, outcome.summary


SHOP: dict[str, str | bytes] = {
    "pyproject.toml": """\
[project]
name = "shop"
license = "MIT"
requires-python = ">=3.12"
dependencies = ["fastapi[standard]>=0.110", "SQLAlchemy ~= 2.0"]
[project.scripts]
shop = "shop.main:run"
[dependency-groups]
dev = ["pytest", "Flask"]
[build-system]
build-backend = "hatchling.build"
""",
    "uv.lock": "version = 1\n",
    "src/shop/main.py": "import fastapi\n\n\ndef run() -> None: ...\n",
    "src/shop/__main__.py": "",
    "tests/test_main.py": "def test() -> None: ...\n",
    "examples/flask/requirements.txt": "tornado\n",
    "Dockerfile": "FROM scratch\n",
    "deploy/app.yaml": "apiVersion: v1\nkind: Service\n",
    ".github/workflows/test.yml": "on: push\n",
    ".github/workflows/release.yaml": "on: push\n",
    "logo.png": b"\x89PNG\0\0",
    "LICENSE": "Permission is hereby granted, free of charge, to any person obtaining a copy",
    "bin/run": "#!/usr/bin/env -S python3 -u\nprint()\n",
    "notes": "no language\n",
    "node_modules/express/package.json": '{"dependencies": {"react": "1"}}',
}


def test_a_service_is_described_in_one_line(tmp_path: Path) -> None:
    output, summary = report(written(tmp_path, SHOP))
    assert summary == "Python 3.12 · FastAPI · uv · 15 files · Dockerfile · Kubernetes · 2 workflows"
    assert output["languages"][0] == {"name": "TOML", "kind": "data", "files": 2, "lines": 12, "bytes": 280}
    assert next(row for row in output["languages"] if row["name"] == "Python")["files"] == 4
    assert [(row["name"], row["evidence"], row["is_around"]) for row in output["frameworks"]] == [
        ("FastAPI", "pyproject.toml", False),
        ("SQLAlchemy", "pyproject.toml", False),
        ("Flask", "pyproject.toml", True),
        ("Tornado", "examples/flask/requirements.txt", True),
    ]
    assert [row["name"] for row in output["tests"]["frameworks"]] == ["pytest"]
    assert (output["tests"]["files"], output["tests"]["lines"]) == (1, 1)
    assert output["python"] == {"requires": ">=3.12", "lowest": "3.12", "evidence": "pyproject.toml"}
    assert output["licence"] == {"name": "MIT", "evidence": "pyproject.toml"}
    assert output["ci"] == [
        {
            "system": "GitHub Actions",
            "count": 2,
            "files": [".github/workflows/release.yaml", ".github/workflows/test.yml"],
        }
    ]
    assert [(row["name"], row["files"]) for row in output["containers"]] == [
        ("Dockerfile", ["Dockerfile"]),
        ("Kubernetes", ["deploy/app.yaml"]),
    ]
    assert [(row["kind"], row["name"], row["target"]) for row in output["entry_points"]] == [
        ("console script", "shop", "shop.main:run"),
        ("python -m", "shop", ""),
    ]
    packaging = {row["name"]: row["is_locked"] for row in output["packaging"]}
    assert packaging == {"uv": True, "Hatch": False, "pip": False}
    assert (output["size"]["files"], output["size"]["binary"], output["size"]["unknown"]) == (15, 1, 1)
    assert output["size"]["largest"][0] == {"path": "pyproject.toml", "bytes": 268}
    assert output["not_read"] == []


def test_two_runs_give_equal_bytes_however_the_files_come(tmp_path: Path) -> None:
    world = DirectoryWorld(written(tmp_path, SHOP))
    first = scan({}, world)
    world.files = list(reversed(world.files))
    second = scan({}, world)
    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert encode(first.output) == encode(second.output)


def test_paths_limit_what_is_looked_at(tmp_path: Path) -> None:
    written(tmp_path, SHOP)
    output, _ = report(tmp_path, paths=["src", "LICENSE"])
    assert output["size"]["files"] == 3
    output, _ = report(tmp_path, paths=["sr"])
    assert output["size"]["files"] == 0


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("pyproject.toml", "[project\n", "it is not TOML"),
        ("package.json", "{", "it is not JSON"),
        ("package.json", "[]", "its top is not an object"),
        ("package.json", "[" * 100_000, "it is not JSON"),
        ("setup.py", "def (", "it is not Python"),
        ("setup.py", "a\0b", ""),
        ("setup.cfg", "no section\n", "no section headers"),
        ("pom.xml", "<project>", "it is not XML"),
        ("pom.xml", '<!DOCTYPE a [<!ENTITY b "c">]><project>&b;</project>', "a document type is not allowed"),
        ("pom.xml", "<a>" * 200 + "</a>" * 200, "deeper than"),
        ("go.mod", "no words here\n", "it names no module"),
        ("Cargo.toml", b"\xff\xfe\xff", "byte 0 is not UTF-8"),
    ],
)
def test_a_broken_manifest_is_listed_with_the_reason(tmp_path: Path, path: str, text: str | bytes, reason: str) -> None:
    output, _ = report(written(tmp_path, {path: text, "a.py": "a = 1\n"}))
    if not reason:  # a NUL makes the file binary
        assert output["size"]["binary"] == 1
        return
    assert [row["path"] for row in output["not_read"]] == [path]
    assert reason in output["not_read"][0]["reason"]
    assert output["size"]["files"] == 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "project = 1\ntool = []\n"),
        (
            "pyproject.toml",
            "[project]\ndependencies = 1\nscripts = []\nlicense = []\noptional-dependencies = {a = 1}\n",
        ),
        ("pyproject.toml", "[tool.poetry]\ndependencies = []\ngroup = {a = 1}\n"),
        (
            "package.json",
            '{"dependencies": [], "bin": 3, "scripts": "x", "main": {}, "license": {"a": 1}, "packageManager": 1}',
        ),
        ("package.json", '{"bin": {"\\u0000\\ud800": "\\ud800"}, "license": "\\u0000"}'),
        ("Cargo.toml", "dependencies = 1\nbin = 2\ntarget = {a = 1}\n"),
        ("composer.json", '{"require": [1], "license": []}'),
        ("gradle/libs.versions.toml", "libraries = {a = 1, b = {group = 1}}\nplugins = {c = 2}\n"),
        (
            "setup.py",
            "from setuptools import setup\nsetup(install_requires=open('x').read(), entry_points='a', license=b())\n",
        ),
        ("setup.py", "x = " + "(" * 50 + ")" * 50),
        ("pubspec.yaml", "dependencies:\n"),
        ("mix.exs", "deps"),
        ("Pipfile", "packages = 1\n"),
        ("Procfile", "\n:\nweb\n"),
    ],
)
def test_a_manifest_of_an_odd_form_is_no_reason_to_stop(tmp_path: Path, path: str, text: str) -> None:
    output, _ = report(written(tmp_path, {path: text}))
    assert output["frameworks"] == []


def test_awkward_names_and_files_are_counted(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n.py")
    (tmp_path / name).write_text("a = 1\n")
    (tmp_path / "back\\slash.py").write_text("a = 1")
    (tmp_path / "large.py").write_bytes(b"a = 1\n" * 400_000)
    (tmp_path / "gone.py").symlink_to("/nowhere")
    output, summary = report(tmp_path)
    assert output["size"]["files"] == 4
    assert output["size"]["unread"] == 2
    assert [row["path"] for row in output["not_read"]] == ["gone.py", "large.py"]
    assert {row["path"] for row in output["size"]["largest"]} >= {"caf\\xe9\n.py", "back\\\\slash.py"}
    assert summary == "Python · 4 files"


def test_an_empty_tree_has_a_report(tmp_path: Path) -> None:
    output, summary = report(tmp_path)
    assert summary == "0 files"
    assert output["languages"] == []


def test_files_that_were_left_out_are_said(tmp_path: Path) -> None:
    world = DirectoryWorld(written(tmp_path, {"a.py": "a = 1\n"}))
    world.files_left_out = 7
    outcome = scan({}, world)
    assert isinstance(outcome, Succeeded)
    assert outcome.output["size"]["left_out"] == 7
    assert "7 files" in outcome.degraded[0]


def test_more_unread_manifests_than_are_listed_are_counted(tmp_path: Path) -> None:
    output, _ = report(written(tmp_path, {f"p{number:03}/package.json": "{" for number in range(103)}))
    assert len(output["not_read"]) == 100
    assert output["not_read_more"] == 3


def test_a_git_tree_shows_only_what_git_does_not_ignore(tmp_path: Path) -> None:
    commit_all(written(tmp_path, {"a.py": "a = 1\n", ".gitignore": "out/\n"}))
    written(tmp_path, {"out/b.py": "b = 1\n", "new.py": "c = 1\n"})
    output, _ = report(tmp_path)
    assert output["size"]["files"] == 3
