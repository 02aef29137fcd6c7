"""Messages: each place is told once, and what could not be told degrades the step and never fails it."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from fairlead.core.outcomes import Succeeded
from fairlead.core.ports import EffectWorld
from fairlead.core.workflow import NotifyAction
from fairlead.env.notices import BODY_CHARACTERS_MAX, TARGETS_MAX, TITLE_CHARACTERS_MAX, deliver
from tests.env.effects.conftest import world_of
from tests.env.effects.servers import Said, serving


@pytest.fixture
def here(tmp_path: Path) -> EffectWorld:
    return world_of(tmp_path)


def tell(world: EffectWorld, *to: str, title: str = "Health fell", body: str = "to 61") -> tuple[Succeeded, list[str]]:
    lines: list[str] = []
    outcome = asyncio.run(deliver(NotifyAction(to, title, body), world, lines.append))
    assert isinstance(outcome, Succeeded)
    return outcome, lines


def notices(world: EffectWorld) -> Path:
    return Path(world.trees).parent.parent / "notices"


def test_the_console_is_a_line_for_whoever_follows(here: EffectWorld) -> None:
    outcome, lines = tell(here, "console", body="to 61\n\x1b[2J")
    assert lines == ["Health fell: to 61\\n\\e[2J"]
    assert outcome.output == {"delivered": ["console"], "failed": [], "title": "Health fell", "body": "to 61\n\x1b[2J"}
    assert (outcome.summary, outcome.degraded) == ("Health fell · 1 of 1 told", ())
    assert tell(here, "console", body="")[1] == ["Health fell"]


def test_a_file_gets_a_line_each_time_and_the_checkout_none(here: EffectWorld, tmp_path: Path) -> None:
    for title in ("first", "second"):
        assert tell(here, "file:team/health.jsonl", title=title)[0].output["delivered"] == ["file:team/health.jsonl"]
    lines = (notices(here) / "team/health.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"title": title, "body": "to 61", "run": "r-abcdefgh"} for title in ("first", "second")
    ]
    assert [path for path in tmp_path.iterdir() if path.name != ".git"] == []


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", "a//b", "a/./b", "a\0b", "folder", "link"])
def test_a_file_elsewhere_is_not_written(here: EffectWorld, tmp_path: Path, name: str) -> None:
    (notices(here) / "folder").mkdir(parents=True)
    (tmp_path / "mine").touch()
    os.symlink(tmp_path / "mine", notices(here) / "link")
    outcome, _ = tell(here, f"file:{name}")
    assert outcome.output["delivered"] == []
    assert outcome.output["failed"][0]["to"] == f"file:{name}"
    assert outcome.degraded[0].startswith("FL-R350: file:")
    assert (tmp_path / "mine").read_text() == ""
    assert not (notices(here).parent / "x").exists()


@pytest.mark.parametrize("form", ["webhook:{}/hook?x=1", "{}/hook?x=1"])
def test_a_webhook_gets_one_post(here: EffectWorld, form: str) -> None:
    with serving(Said(204, {}, b"")) as server:
        outcome, _ = tell(here, form.format(server.url))
    (got,) = server.got
    assert (got.method, got.path, got.headers["Content-Type"]) == ("POST", "/hook?x=1", "application/json")
    assert json.loads(got.body) == {"title": "Health fell", "body": "to 61", "run": "r-abcdefgh"}
    assert outcome.degraded == ()


@pytest.mark.parametrize("said", [Said(500), Said(302, {"Location": "/x"}), Said(breaks_off=True)])
def test_a_webhook_that_fails_is_named_and_not_tried_again(here: EffectWorld, said: Said) -> None:
    with serving(said) as server:
        outcome, lines = tell(here, server.url, "console")
        assert outcome.output["delivered"] == ["console"]
        assert [one["to"] for one in outcome.output["failed"]] == [server.url]
        assert len(outcome.degraded) == 1
        assert server.url in outcome.degraded[0]
    assert len(server.got) == 1
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("slack:#repo-health", "Slack is not delivered by this version"),
        ("mailto:platform@example.com", "mail is not delivered by this version"),
        ("pigeon:home", "none of"),
        ("", "none of"),
        ("webhook:not a url", "no address"),
        ("https://user@example.org/", "no address"),
        ("http://169.254.169.254/latest", "never go to"),
    ],
)
def test_what_is_not_delivered_is_said(here: EffectWorld, to: str, why: str) -> None:
    outcome, lines = tell(here, to)
    assert outcome.output["delivered"] == []
    assert why in outcome.output["failed"][0]["why"]
    assert why in outcome.degraded[0]
    assert lines == []


def test_each_place_once_and_not_too_many(here: EffectWorld) -> None:
    outcome, lines = tell(here, "console", "console", *(f"file:{n}" for n in range(TARGETS_MAX)))
    assert len(lines) == 1
    assert len(outcome.output["delivered"]) == TARGETS_MAX
    assert [one["to"] for one in outcome.output["failed"]] == [f"file:{TARGETS_MAX - 1}"]


def test_a_message_that_is_too_long_is_cut_aloud(here: EffectWorld) -> None:
    long = "x" * (TITLE_CHARACTERS_MAX + 1)
    outcome, _ = tell(here, "console", title=long, body="y" * BODY_CHARACTERS_MAX)
    assert outcome.output["title"] == long[:-1]
    assert outcome.degraded == ("FL-R351: the message was cut, for it was longer than a message may be",)
