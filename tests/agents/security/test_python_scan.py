"""The security-scanner as a whole, over real directories and with the real tools."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest
import yaml

from fairlead.agents.builtin import security
from fairlead.agents.builtin.security import scan as scan_module
from fairlead.agents.builtin.security.matches import Match, PartMissing
from fairlead.agents.builtin.security.scan import scan
from fairlead.agents.rules import all_rules
from fairlead.core import json
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.conftest import DirectoryWorld
from tests.corpora import security_python as corpus
from tests.corpora import security_tools

CARD = Path(__file__).parents[3] / "src/fairlead/agents/builtin/cards/security-scanner.md"


def write(root: Path, files: Mapping[str, str | bytes]) -> DirectoryWorld:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return DirectoryWorld(root)


def run(world: DirectoryWorld, **inputs: Json) -> Succeeded:
    outcome = scan(inputs, world)
    assert isinstance(outcome, Succeeded)
    validator = jsonschema_rs.validator_for(_card()["fairlead"]["output_schema"])
    validator.validate(outcome.output)
    json.parse(json.encode(outcome.output))
    assert world.founds == len(outcome.output["findings"])
    return outcome


def places(outcome: Succeeded) -> set[tuple[str, str, int, str]]:
    return {(f["path"], f["rule"], f["line"], f["severity"]) for f in outcome.output["findings"]}


def rules(outcome: Succeeded) -> list[tuple[str, int]]:
    return [(f["rule"].partition("/")[2], f["line"]) for f in outcome.output["findings"]]


def _card() -> Any:  # the front matter is YAML, whose shape the card's own tests check
    return yaml.safe_load(CARD.read_text().split("---")[1])


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planted")
    write(root, corpus.planted())
    return root


@pytest.fixture(scope="module")
def planted_outcome(planted: Path) -> Succeeded:
    return run(DirectoryWorld(planted))


def test_everything_planted_is_found_with_the_tools_beside(planted_outcome: Succeeded) -> None:
    found = places(planted_outcome)
    wanted = {(path, *mark) for path, text in corpus.planted().items() for mark in corpus.expected(text)}
    assert wanted - found == set()
    assert [tool["status"] for tool in planted_outcome.output["tools"]] == ["ok", "ok"]
    # What the tools add is never worse than what our own rules proved nowhere.
    assert {severity for _, _, _, severity in found - wanted} <= {"info", "low", "medium"}


def test_two_scans_say_the_same(planted: Path, planted_outcome: Succeeded) -> None:
    assert run(DirectoryWorld(planted)) == planted_outcome


def test_fingerprints_are_unique_and_survive_a_move_of_the_line(tmp_path: Path, planted_outcome: Succeeded) -> None:
    names = [f["fingerprint"] for f in planted_outcome.output["findings"]]
    assert len(set(names)) == len(names)
    code = "def f(x):\n    eval(x)\n    eval(x)\n"
    before = run(write(tmp_path, {"a.py": code})).output["findings"]
    after = run(write(tmp_path, {"a.py": "import os\n\n" + code})).output["findings"]
    assert [f["fingerprint"] for f in before] == [f["fingerprint"] for f in after]
    assert [f["line"] + 2 for f in before] == [f["line"] for f in after]


def test_findings_carry_what_a_person_needs(planted_outcome: Succeeded) -> None:
    known = all_rules()
    for finding in planted_outcome.output["findings"]:
        assert finding["remedy"] == known[finding["rule"]].remedy
        assert finding["reason"]
        assert finding["message"]
        assert finding["excerpt"]
        assert finding["origin"] == sorted(finding["origin"])


def test_a_planted_credential_stands_nowhere_in_the_output(planted_outcome: Succeeded) -> None:
    text = json.encode(planted_outcome.output).decode()
    for secret in corpus.FILL.values():
        assert secret not in text
        assert secret[:8] not in text


def test_two_credentials_on_one_line_are_two_findings(tmp_path: Path) -> None:
    secret = corpus.FILL["<SECRET>"]
    outcome = run(
        write(tmp_path, {"a.py": f'password, pair = "x", {{"api_key": "{secret}1", "secret": "{secret}2"}}\n'})
    )
    found = [f for f in outcome.output["findings"] if f["rule"] == "security/hard-coded-credential"]
    assert len(found) == 2
    assert found[0]["fingerprint"] != found[1]["fingerprint"]
    assert secret not in json.encode(outcome.output).decode()


def test_checks_that_only_the_tools_have(tmp_path: Path) -> None:
    text = security_tools.planted()
    outcome = run(write(tmp_path, {"a.py": text}))
    found = {(rule, line, severity) for _, rule, line, severity in places(outcome)}
    assert found == corpus.expected(text)


def test_one_place_is_one_finding_with_every_origin(tmp_path: Path) -> None:
    code = "import pickle\n\n\ndef read(data):\n    return pickle.loads(\n        data,\n    )\n"
    found = run(write(tmp_path, {"a.py": code})).output["findings"]
    assert [(f["rule"], f["line"], f["origin"]) for f in found] == [
        ("security/unsafe-deserialisation", 5, ["bandit", "own", "ruff"])
    ]


def test_tests_and_examples_are_milder_and_say_so(tmp_path: Path) -> None:
    code = "from flask import request\ndef f():\n    eval(request.args['x'])\n"
    outcome = run(write(tmp_path, {"a.py": code, "tests/a.py": code, "examples/a.py": code, "app/test_a.py": code}))
    worst = {f["path"]: (f["severity"], f["reason"]) for f in outcome.output["findings"]}
    assert {path: severity for path, (severity, _) in worst.items()} == {
        "a.py": "critical",
        "app/test_a.py": "medium",
        "examples/a.py": "high",
        "tests/a.py": "medium",
    }
    assert "because the file is a test" in worst["tests/a.py"][1]
    assert "because the file is an example" in worst["examples/a.py"][1]


def test_a_lower_limit_of_severity_counts_what_it_leaves_out(tmp_path: Path) -> None:
    code = "import hashlib\ndef f(x):\n    hashlib.md5(x)\n    eval(x)\n"
    everything = run(write(tmp_path, {"a.py": code}))
    limited = scan({"min_severity": "medium"}, DirectoryWorld(tmp_path))
    assert isinstance(limited, Succeeded)
    assert rules(everything) == [("weak-hash", 3), ("code-injection", 4)]
    assert rules(limited) == [("code-injection", 4)]
    assert limited.output["stats"]["below_min_severity"] == 1
    assert limited.output["findings"][0] == everything.output["findings"][1]


def test_paths_limit_the_scan(tmp_path: Path) -> None:
    code = "def f(x):\n    eval(x)\n"
    world = write(tmp_path, {"a/a.py": code, "b/b.py": code, "bb.py": code})
    assert {path for path, *_ in places(run(world, paths=["b/"]))} == {"b/b.py"}
    odd = "caf\udce9.py"
    (tmp_path / odd).write_text(code)
    assert {path for path, *_ in places(run(DirectoryWorld(tmp_path), paths=[path_text(odd)]))} == {path_text(odd)}
    outcome = run(DirectoryWorld(tmp_path), paths=["nowhere"])
    assert outcome.degraded[0] == "No file of the tree lies under the paths that were given."


def test_languages_that_nobody_reads_are_counted(tmp_path: Path) -> None:
    outcome = run(
        write(tmp_path, {"main.go": "package main\n", "x/lib.rs": "", "a.py": "x = 1\n", "notes.txt": "hello"})
    )
    stats = outcome.output["stats"]
    assert stats["not_checked"] == {"Go": 1, "Rust": 1}
    assert stats["by_language"] == {"Python": 1}
    assert (stats["files"], stats["lines"]) == (1, 1)


def test_a_script_is_known_by_its_first_line(tmp_path: Path) -> None:
    code = "def f(x):\n    eval(x)  # noqa: E501\n"
    scripts = {
        "bin/a": "#!/usr/bin/env python3\n",
        "b": "#!/usr/bin/python -u\n",
        "c": "#!/bin/sh\n",
        "d": "",
        "e.txt": "#!python\n",
    }
    outcome = run(write(tmp_path, {path: first + code for path, first in scripts.items()}))
    found = {f["path"]: (f["line"], f["origin"]) for f in outcome.output["findings"]}
    assert found == {"bin/a": (3, ["bandit", "own", "ruff"]), "b": (3, ["bandit", "own", "ruff"])}
    assert outcome.output["stats"]["by_language"] == {"Python": 2}


class _WithoutPackage(ModuleType):
    """A part whose package is not installed."""

    def wants(self, path: str) -> bool:
        return path.endswith(".zig")

    def scan_file(self, path: str, text: str) -> list[Match]:
        raise PartMissing("the package tree-sitter is missing. Install it: pip install tree-sitter.")


def test_a_language_whose_package_is_missing_is_not_called_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "missing_for_test"
    monkeypatch.setitem(sys.modules, f"{security.__name__}.{name}", _WithoutPackage(name))
    missing = f"{security.__name__}.{name}"
    languages = {
        "Zig": (f"{missing}:wants", f"{missing}:scan_file"),
        "Nim": ("fairlead.no_such_module:wants", "fairlead.no_such_module:scan_file"),
    }
    monkeypatch.setattr(scan_module, "_LANGUAGES", languages)
    outcome = run(write(tmp_path, {"a.zig": "", "b.zig": "", "c.py": "def f(x):\n    eval(x)\n"}))
    assert outcome.output["stats"]["not_checked"] == {"Zig": 2}
    assert outcome.output["stats"]["by_language"] == {"Python": 1}
    nim, zig = outcome.degraded
    assert nim.startswith("Nim is not checked: No module named ")
    assert zig == (
        "2 files of Zig are not checked: the package tree-sitter is missing. Install it: pip install tree-sitter."
    )
    assert rules(outcome) == [("code-injection", 2)]


def test_the_real_world_of_a_tool_serves_both_threads(planted: Path, planted_outcome: Succeeded) -> None:
    told: list[int] = []
    world = LocalToolWorld(str(planted), tell=lambda _, found: told.append(found))
    outcome = scan({}, world)
    world.flush()
    assert outcome == planted_outcome
    assert told[-1] == len(planted_outcome.output["findings"])


def test_a_file_that_is_too_large_is_a_finding_of_its_own(tmp_path: Path) -> None:
    world = write(tmp_path, {"big.py": b"x = 1\n" * 400_000, "a.py": "x = 1\n"})
    outcome = run(world)
    assert places(outcome) == {("big.py", "security/unread-file", 0, "info")}
    assert outcome.output["stats"]["unread"] == 1
    assert outcome.output["stats"]["files"] == 1


def test_the_tree_stays_as_it_is(tmp_path: Path) -> None:
    world = write(tmp_path, {"a.py": "import pickle\npickle.load(f)\n"})
    run(world)
    assert [path.name for path in tmp_path.rglob("*")] == ["a.py"]


def test_a_tree_behind_a_link_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    write(tmp_path / "real", {"a.py": "import requests\nrequests.get('https://example.com')\n"})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    found = run(DirectoryWorld(tmp_path / "link")).output["findings"]
    assert [(f["path"], f["line"], f["origin"]) for f in found] == [("a.py", 2, ["bandit", "ruff"])]


def test_the_first_finding_is_told_before_the_tools_have_answered(tmp_path: Path) -> None:
    world = write(tmp_path, {"a.py": "def f(x):\n    eval(x)\n"})

    class Watching(DirectoryWorld):
        def run(self, argv: Any, **options: Any) -> Any:
            # The tools answer only when our own rules have told what they found.
            while self.founds == 0:
                pass
            return super().run(argv, **options)

    outcome = run(Watching(tmp_path))
    assert outcome.output["findings"][0]["origin"] == ["bandit", "own", "ruff"]
    assert world.founds == 0


def test_the_card_names_this_function() -> None:
    card = _card()
    assert card["name"] == "security-scanner"
    module, _, name = card["fairlead"]["python"].partition(":")
    assert (module, name) == (scan.__module__, scan.__name__)
    jsonschema_rs.meta.validate(card["fairlead"]["output_schema"])
    jsonschema_rs.meta.validate(card["fairlead"]["input"])


def test_a_repository_cannot_steer_the_tools(tmp_path: Path) -> None:
    """Its configuration must not silence a rule, and its modules must not run."""
    trap = "import pathlib\npathlib.Path('caught').touch()\n"
    traps = {f"{name}.py": trap for name in ("bandit", "ruff", "yaml", "json", "stevedore", "sitecustomize")}
    configuration = {
        "pyproject.toml": '[tool.ruff.lint]\nignore = ["S"]\nexclude = ["*.py"]\n[tool.bandit]\nskips = ["B301"]\n',
        "ruff.toml": 'exclude = ["*.py"]\n',
        ".bandit": "[bandit]\nskips: B301\nexclude: a.py\n",
        "bandit.yaml": "skips: [B301]\n",
        "setup.cfg": "[bandit]\nskips: B301\n",
    }
    world = write(tmp_path, {**traps, **configuration, "a.py": "import pickle\npickle.load(f)\n"})
    found = [f for f in run(world).output["findings"] if f["path"] == "a.py"]
    assert [f["origin"] for f in found] == [["bandit", "own", "ruff"]]
    assert not (tmp_path / "caught").exists()


def test_folders_that_bandit_would_leave_out_by_itself_are_read(tmp_path: Path) -> None:
    code = "import requests\nrequests.get('https://example.com')\n"
    world = write(tmp_path, {"CVS/a.py": code, "x.egg/b.py": code, "-c.py": code, "-": "", "venv.d/d.py": code})
    found = run(world).output["findings"]
    assert {f["path"]: f["origin"] for f in found} == {
        path: ["bandit", "ruff"] for path in ("CVS/a.py", "x.egg/b.py", "-c.py", "venv.d/d.py")
    }


def test_a_copy_of_the_tree_gives_the_same_fingerprints(
    planted: Path, tmp_path: Path, planted_outcome: Succeeded
) -> None:
    shutil.copytree(planted, tmp_path / "copy")
    assert run(DirectoryWorld(tmp_path / "copy")).output["findings"] == planted_outcome.output["findings"]
