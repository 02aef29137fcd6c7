"""What the secret-scanner says of a tree: masked, once, at the right place, the same every time."""

import json
import os
import random
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from fairlead.agents.builtin.secret_scanner import scan
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Succeeded
from fairlead.core.tools import FILE_BYTES_MAX
from tests.agents.conftest import DirectoryWorld, commit_all
from tests.corpora import secrets
from tests.proves import proves

RULES = {rule.id: rule for rule in secrets.rules_with_samples()}


def outcome_of(root: Path, **inputs: Json) -> Succeeded:
    outcome = scan(inputs, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    return outcome


def findings_of(root: Path) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = outcome_of(root).output["findings"]
    return found


def a_secret(rule: str = "github-token", seed: int = 1) -> str:
    return secrets.plant(RULES[f"secrets/{rule}"], random.Random(seed)).secret


@proves("C8.3")
def test_no_planted_credential_is_in_the_output(tmp_path: Path) -> None:
    planted = secrets.planted(each=2)
    for number, plant in enumerate(planted):
        folder = tmp_path / str(number)
        folder.mkdir()
        name = plant.path.rpartition("/")[2]
        # The second credential on the line is one that a comment excuses: it must not be seen either.
        (folder / name).write_text(
            f"{plant.text}\nboth = {plant.text!r} + {a_secret()!r}  # nosec\n{plant.text}\n", "utf-8"
        )
    commit_all(tmp_path)
    world = DirectoryWorld(tmp_path)
    outcome = scan({}, world)
    assert isinstance(outcome, Succeeded)
    shown = encode(outcome.output) + outcome.summary.encode() + "".join(world.texts).encode()
    shown_plain = json.dumps(outcome.output, ensure_ascii=False)
    assert len(outcome.output["findings"]) >= len(planted)
    for plant in [*planted, secrets.Planted("", "", "", a_secret())]:
        for part in plant.secret.split("\n"):
            assert part.encode() not in shown, (secrets.SEED, plant.rule)
            assert part not in shown_plain, (secrets.SEED, plant.rule)


def test_a_credential_shows_its_first_four_and_last_three_characters(tmp_path: Path) -> None:
    secret = a_secret()
    (tmp_path / "a.py").write_text(f'key = "{secret}"\n')
    finding = findings_of(tmp_path)[0]
    assert finding["excerpt"] == f'key = "{secret[:4]}…{secret[-3:]}"'
    assert finding["message"] == f"GitHub personal access token {secret[:4]}…{secret[-3:]}"
    assert (finding["line"], finding["column"]) == (1, 8)


def test_a_key_written_into_a_string_shows_only_its_ends(tmp_path: Path) -> None:
    plant = secrets.plant(RULES["secrets/private-key"], random.Random(6))
    body = plant.secret.replace("\n", "\\n")
    (tmp_path / "a.ts").write_text(plant.text.replace("\n", "\\n") + "\n")
    excerpt = f"-----BEGIN RSA PRIVATE KEY-----\\n{body[:4]}…{body[-3:]}\\n-----END"
    assert [finding["excerpt"] for finding in findings_of(tmp_path)] == [excerpt]


def test_a_short_credential_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('db_password = "' + "Kp7" + '!mWq2x"\n')
    assert [finding["excerpt"] for finding in findings_of(tmp_path)] == ['db_password = "…"']


@proves("C8.2")
def test_two_credentials_on_one_line_are_two_findings(tmp_path: Path) -> None:
    first, second, third = a_secret(), a_secret("npm-token"), a_secret("github-token", 2)
    (tmp_path / "a.py").write_text(f'keys = ["{first}", "{second}", "{third}"]\n')
    found = findings_of(tmp_path)
    assert [finding["rule"] for finding in found] == [
        "secrets/github-token",
        "secrets/npm-token",
        "secrets/github-token",
    ]
    assert len({finding["fingerprint"] for finding in found}) == 3
    assert len({finding["excerpt"] for finding in found}) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.py", 'api_key = "{}"'),
        ("a.py", 'config = {{"client_secret": "{}"}}'),
        ("a.py", 'os.environ.setdefault("SERVICE_TOKEN", "{}")'),
        ("a.py", "service_token: str = '{}'"),
        ("a.js", "const apiKey = '{}';"),
        ("a.ts", "readonly apiKey: string = `{}`;"),
        ("a.go", 'apiKey := "{}"'),
        ("a.rb", ':auth_token => "{}"'),
        ("A.java", 'String clientSecret = "{}";'),
        ("a.yaml", "  api_key: {}"),
        ("a.yaml", '  - token: "{}"  # for the queue'),
        (".env", "export API_TOKEN={}"),
        ("Dockerfile", "ENV API_TOKEN={}"),
        ("a.ini", "secret = {}"),
        ("a.json", '"access_key": "{}"'),
    ],
)
def test_a_random_value_with_a_telling_name_is_found_in_every_language(name: str, line: str, tmp_path: Path) -> None:
    value = secrets.plant(RULES["secrets/generic-secret"], random.Random(5)).secret
    (tmp_path / name).write_text(line.format(value) + "\n")
    assert [finding["rule"] for finding in findings_of(tmp_path)] == ["secrets/generic-secret"]


def test_the_most_specific_rule_wins(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        f'secret_token = "{a_secret()}"\nurl = "https://oauth2:{a_secret("gitlab-token")}@git.acme.io/a.git"\n'
    )
    assert [finding["rule"] for finding in findings_of(tmp_path)] == ["secrets/github-token", "secrets/gitlab-token"]


def test_a_fingerprint_survives_a_move_of_the_line(tmp_path: Path) -> None:
    line = f'key = "{a_secret()}"\n'
    (tmp_path / "a.py").write_text(line)
    before = findings_of(tmp_path)[0]
    (tmp_path / "a.py").write_text("# one\n# two\n    " + line)
    after = findings_of(tmp_path)[0]
    assert (before["line"], after["line"]) == (1, 3)
    assert before["fingerprint"] == after["fingerprint"]


@pytest.mark.parametrize(
    "comment",
    [
        "# fairlead: ignore",
        "# fairlead: ignore secrets/github-token",
        "// fairlead:ignore secrets/npm-token, secrets/*",
        "# nosec",
        "# nosec B105",
        "# noqa",
        "# noqa: S105",
        "# noqa: E501, S106",
        "# gitleaks:allow",
        "# trufflehog:ignore",
        "# pragma: allowlist secret",
    ],
)
def test_a_comment_on_the_line_excuses_it_and_is_counted(comment: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'key = "{a_secret()}"  {comment}\n')
    output = outcome_of(tmp_path).output
    assert output["findings"] == []
    assert output["stats"]["suppressed"] == 1


@pytest.mark.parametrize(
    "comment",
    ["# noqa: E501", "# nosec B608", "# fairlead: ignore secrets/npm-token", "# ignore", "# fairlead: ignored?"],
)
def test_a_comment_about_something_else_does_not(comment: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'key = "{a_secret()}"  {comment}\n')
    output = outcome_of(tmp_path).output
    assert [finding["rule"] for finding in output["findings"]] == ["secrets/github-token"]
    assert output["stats"]["suppressed"] == 0


def test_a_line_of_two_megabytes_is_searched_and_its_excerpt_is_short(tmp_path: Path) -> None:
    secret = a_secret()
    half = '"abc",' * 160_000
    (tmp_path / "data.json").write_text(f'{half}"{secret}",{half}'[: FILE_BYTES_MAX - 1])
    finding = findings_of(tmp_path)[0]
    assert finding["rule"] == "secrets/github-token"
    assert finding["column"] == len(half) + 2
    assert len(finding["excerpt"]) <= 200
    assert f"{secret[:4]}…{secret[-3:]}" in finding["excerpt"]


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJhbGciOiJub25l.",
        "-----BEGIN PRIVATE KEY-----",
        "a1",
        "://a:",
        "password=",
        'secret: "',
        "PuTTY-User-Key-File-2:",
        "sv=2024-01-01&sig=",
        "atlasv1.",
        "heroku_key",
        "sk-aT3BlbkFJ",
        "A%2B",
        "1234567890:AA",
        "authorization: basic ",
        "machine a login b ",
        "azdoAZDO",
    ],
)
def test_a_long_line_made_to_be_slow_is_read_to_its_end(unit: str, tmp_path: Path) -> None:
    """A pattern that went back over the line again and again would take hours here."""
    (tmp_path / "a.js").write_text(unit * (1_000_000 // len(unit)) + "\n" + f'"{a_secret()}"\n')
    assert "secrets/github-token" in [finding["rule"] for finding in findings_of(tmp_path)]


def test_bytes_that_are_not_text_do_not_hide_a_credential(tmp_path: Path) -> None:
    secret = a_secret().encode()
    (tmp_path / "latin.py").write_bytes(b"# caf\xe9 \xff\xfe\nkey = '" + secret + b"'\n")
    (tmp_path / "windows.py").write_bytes(b"# one\r\nkey = '" + secret + b"'\r\n")
    (tmp_path / "mark.py").write_bytes(b"\xef\xbb\xbfkey = '" + secret + b"'\n")
    (tmp_path / "wide.txt").write_bytes(f"# é\nkey = '{secret.decode()}'\n".encode("utf-16"))
    places = {finding["path"]: (finding["line"], finding["column"]) for finding in findings_of(tmp_path)}
    assert places == {"latin.py": (2, 8), "windows.py": (2, 8), "mark.py": (1, 8), "wide.txt": (2, 8)}
    assert {finding["excerpt"] for finding in findings_of(tmp_path)} == {
        f"key = '{secret[:4].decode()}…{secret[-3:].decode()}'"
    }


def test_binary_files_are_counted_and_not_searched(tmp_path: Path) -> None:
    (tmp_path / "a.out").write_bytes(b"\x7fELF\0\0" + a_secret().encode())
    (tmp_path / "a.png").write_bytes(a_secret().encode())
    output = outcome_of(tmp_path).output
    assert output["findings"] == []
    assert (output["stats"]["binary"], output["stats"]["files"]) == (2, 0)


def test_a_file_that_cannot_be_read_is_a_finding_and_not_silence(tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_bytes(b"x\n" * (FILE_BYTES_MAX // 2 + 1))
    (tmp_path / "link").symlink_to("/etc/hostname")
    outcome = outcome_of(tmp_path)
    found = [(finding["rule"], finding["severity"], finding["path"]) for finding in outcome.output["findings"]]
    assert found == [("secrets/unread-file", "info", "dump.sql"), ("secrets/unread-file", "info", "link")]
    assert outcome.output["stats"]["unread"] == 2
    assert outcome.summary == "no findings · 2 files not read"


def test_a_name_that_is_not_utf8_is_written_out(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9\n.py", "w") as file:
        file.write(f'key = "{a_secret()}"\n')
    commit_all(tmp_path)
    found = findings_of(tmp_path)
    assert [finding["path"] for finding in found] == ["caf\\xe9\n.py"]
    assert ", in history since " in found[0]["message"]


def test_practice_files_lower_the_severity_unless_the_checksum_holds(tmp_path: Path) -> None:
    made_up = a_secret()[:-6] + "0" * 6
    secret = a_secret("digitalocean-token")
    for folder in ("app", "app/t", "t/unit", "tests"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text(f'a = "{a_secret()}"\nb = "{made_up}"\nc = "{secret}"\n')
    found = {(finding["path"], finding["line"]): finding for finding in findings_of(tmp_path)}
    severities = {place: finding["severity"] for place, finding in found.items()}
    assert severities == {
        ("app/a.py", 1): "critical",
        ("app/a.py", 2): "medium",
        ("app/a.py", 3): "critical",
        ("app/t/a.py", 1): "critical",
        ("app/t/a.py", 2): "medium",
        ("app/t/a.py", 3): "critical",
        ("t/unit/a.py", 1): "critical",
        ("t/unit/a.py", 2): "low",
        ("t/unit/a.py", 3): "medium",
        ("tests/a.py", 1): "critical",
        ("tests/a.py", 2): "low",
        ("tests/a.py", 3): "medium",
    }
    assert "test, a document or an example" in found["tests/a.py", 3]["reason"]
    assert "checksum holds" in found["tests/a.py", 1]["reason"]


def test_a_file_full_of_credentials_is_cut_and_says_so(tmp_path: Path) -> None:
    chance = random.Random(3)
    lines = [secrets.plant(RULES["secrets/sonar-token"], chance).text for _ in range(205)]
    (tmp_path / "a.txt").write_text("\n".join([*lines, a_secret("digitalocean-token")]) + "\n")
    outcome = outcome_of(tmp_path)
    # The one that is more severe than the two hundred in front of it is kept.
    assert "secrets/digitalocean-token" in [finding["rule"] for finding in outcome.output["findings"]]
    assert len(outcome.output["findings"]) == 200
    assert outcome.output["stats"]["beyond_limit"] == 6
    assert outcome.degraded == ("Files with over 200 credentials hold 6 more, which are only counted.",)


@proves("C8.6")
def test_two_runs_say_the_same_and_findings_are_announced(tmp_path: Path) -> None:
    for number, plant in enumerate(secrets.planted(each=1)):
        (tmp_path / f"{number}.py").write_text(plant.text + "\n", "utf-8")
    commit_all(tmp_path)
    world = DirectoryWorld(tmp_path)
    first, second = scan({}, world), outcome_of(tmp_path)
    assert first == second
    assert world.founds == len(second.output["findings"])


def test_the_output_keeps_the_cards_contract(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'key = "{a_secret()}"\n')
    (tmp_path / "link").symlink_to("/etc/hostname")
    card = files("fairlead.agents.builtin").joinpath("cards", "secret-scanner.md").read_text("utf-8")
    settings = yaml.safe_load(card.split("---\n")[1])["fairlead"]
    output = json.loads(encode(outcome_of(tmp_path).output))
    jsonschema_rs.validate(settings["output_schema"], output)
    jsonschema_rs.validate(settings["input"], {"paths": ["src"], "history": False, "history_commits_max": 10})
    assert not jsonschema_rs.is_valid(settings["input"], {"path": "src"})
    assert not jsonschema_rs.is_valid(settings["output_schema"], {**output, "secret": "x"})


def test_a_password_of_a_service_of_the_moment_is_not_as_severe(tmp_path: Path) -> None:
    value = secrets.plant(RULES["secrets/generic-password"], random.Random(7)).secret
    for path in (".github/workflows/test.yml", "docker-compose.dev.yml", "deploy/prod.yml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"  DB_PASSWORD: {value}\n")
    severities = {finding["path"]: finding["severity"] for finding in findings_of(tmp_path)}
    assert severities == {
        ".github/workflows/test.yml": "medium",
        "docker-compose.dev.yml": "medium",
        "deploy/prod.yml": "high",
    }
