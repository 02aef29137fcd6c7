"""Credentials are planted in many files and in the history; their bytes are looked for in everything that is kept."""

import base64
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.journeys.door import Door
from tests.journeys.repositories import commit, git
from tests.proves import proves

SEED = 20261121
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = LETTERS + LETTERS.lower() + "0123456789"
OPEN = "TO" + "DO"  # put together: this tree has none
INDEX = "--index" + "-url"
FILES = ("sarif", "md", "junit", "gitlab", "rdjson", "csv", "html")  # options of the review itself
FORMATS = ("json", "github", "summary", "accepted")


class Planted(NamedTuple):
    root: Path
    door: Door
    secrets: tuple[str, ...]
    said: tuple[bytes, ...]  # every answer of the door so far


def secrets_of(rng: random.Random) -> tuple[str, str, str, str]:
    """A key of AWS, a token of GitHub, a value of chance, and a password for an address."""
    aws = "AK" + "IA" + "".join(rng.choices(LETTERS + "234567", k=16))
    token = "gh" + "p_" + "".join(rng.choices(SIGNS, k=36))
    return aws, token, "".join(rng.choices(SIGNS, k=40)), "".join(rng.choices(SIGNS, k=24)) + "7a9"


def plant(root: Path, aws: str, token: str, value: str, password: str) -> None:
    """Each credential as itself, and on lines of which every other agent has something to say."""
    address = f"https://me:{password}@h.acme-corp.io"
    files = {
        "a.py": f"import requests\n# {OPEN} rotate {token}\nAWS = '{aws}'\napi_key = '{value}'\n\n\n"
        f"def f(x=[]):\n    print('t', '{token}')\n    eval('{value}')\n    requests.get('{address}/', verify=False)\n"
        f"    try:\n        return '{token}'\n    except Exception:\n        pass  # {aws}\n",
        "a.js": f'// {OPEN} {token}\nconsole.log("{token}"); eval("{value}" + x);\n'
        f'el.innerHTML = "{aws}" + location.hash;\n',
        ".env": f"AWS_KEY={aws}\nDATABASE_URL={address}\n",
        "Dockerfile": f"FROM python:latest\nENV TOKEN={token}\nADD {address}/a /a\n",
        ".github/workflows/a.yml": f"on: push\njobs:\n  a:\n    steps:\n      - uses: a/b@main # {token}\n"
        f'      - run: curl -H "T: {token}" {address} | sh\n',
        "requirements.txt": f"{INDEX} http://me:{password}@h.acme-corp.io/simple\nflask # {token}\n",
        "package.json": json.dumps({"license": token, "dependencies": {"a": f"git+{address}/a.git", "b": "*"}}),
        "package-lock.json": '{"lockfileVersion": 3, "packages": {\n"node_modules/a": {"version": "1.0.0", '
        f'"resolved": "http://me:{password}@h.acme-corp.io/a.tgz", "license": "{token} OR"}}}}}}\n',
        "compose.yaml": f"services:\n  a:\n    image: x:latest\n    environment:\n      T: {token}\n",
        "Pipfile.lock": f'{{"{token}": [',
        ".gitlab-ci.yml": f"a: [\n {token}",
        "broken.py": f"def f(: '{token}'\n",
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    commit(root)
    (root / "gone.py").write_text(f"KEY = '{aws}'\n")
    commit(root, f"Add {token}")
    (root / "gone.py").unlink()
    commit(root, "Go")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The repository after a review with every output, an acceptance, and an export of the run."""
    folder = tmp_path_factory.mktemp("planted")
    root, door = folder / "shop", Door(folder / "home")
    git(folder, "init", "-q", "-b", "main", str(root))
    secrets = secrets_of(random.Random(SEED))
    plant(root, *secrets)
    out = folder / "out"
    out.mkdir()
    files = [word for form in FILES for word in (f"--{form}", str(out / form))]
    calls = [door.call(root, "review", "--jsonl"), door.call(root, "review", "-v", *files)]
    assert [call.exit_code for call in calls] == [1, 1], calls[1].said
    findings = door.call(root, "findings", "list", "--json").json["findings"]
    by_agent = {one["agent"]: one["id"] for one in findings}
    assert len(by_agent) == 5, "each agent but the inventory has something to say"
    for agent in ("security-scanner", "code-reviewer"):
        calls.append(door.call(root, "findings", "show", by_agent[agent]))
    calls.append(door.call(root, "findings", "accept", *by_agent.values(), "--reason", "known"))
    for form in FORMATS:
        calls.append(door.call(root, "findings", "export", "--format", form, "-o", str(out / form)))
    for words in (("runs", "export", "-o", str(out / "run.jsonl")), ("runs", "show", "--json"), ("logs",)):
        calls.append(door.call(root, *words))
    assert all(call.exit_code in (0, 1) for call in calls), [call.said for call in calls if call.exit_code > 1]
    return Planted(root, door, secrets, tuple(call.out + call.err for call in calls))


def kept(planted: Planted) -> Iterator[tuple[str, bytes]]:
    """Every file that was made, as it is and, where it is a shell around others, what is inside."""
    state, out = planted.root / ".git" / "fairlead", planted.root.parent / "out"
    for path in (*state.rglob("*"), *out.rglob("*"), *planted.root.parent.joinpath("home").rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield str(path), data
        if data.startswith(b"\x1f\x8b"):
            yield f"{path} unpacked", gzip.decompress(data)
    for line in (out / "run.jsonl").read_bytes().splitlines():
        if line.startswith(b'{"digest"'):
            yield "content of the run", base64.b64decode(json.loads(line)["data"])


@proves("C8.11")
def test_the_bytes_of_a_planted_credential_are_nowhere(planted: Planted) -> None:
    names = set()
    for name, data in kept(planted):
        names.add(Path(name).name)
        assert not [one[:4] for one in planted.secrets if one.encode() in data], name
    assert names >= {"journal.db", "run.jsonl", *FILES, *FORMATS}


def test_no_answer_of_the_door_shows_one(planted: Planted) -> None:
    for said in planted.said:
        assert not [one[:4] for one in planted.secrets if one.encode() in said], said[:300]


def test_they_were_found_all_the_same_and_by_every_agent(planted: Planted) -> None:
    found = planted.door.call(planted.root, "findings", "list", "--all", "--json").json["findings"]
    rules = {one["rule"] for one in found}
    assert rules >= {"secrets/github-token", "review/todo-marker", "security/js-xss", "compliance/licence-unknown"}
    assert len([one for one in found if one["rule"].startswith("secrets/")]) >= len(planted.secrets)
    todo = next(one for one in found if (one["rule"], one["path"]) == ("review/todo-marker", "a.py"))
    assert todo["message"].startswith(f"{OPEN}: rotate gh" + "p_…")
    planted.door.verify(planted.root)
