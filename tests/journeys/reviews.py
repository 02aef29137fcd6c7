"""What a review came to, read from the answer of the door."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.journeys.door import Answer, Door
from tests.journeys.repositories import differences, snapshot

COMPLETE = dict.fromkeys(("inventory", "secrets", "security", "review", "dependencies", "compliance"), "succeeded")
SCANNERS = ("secrets/", "security/")  # what they find is planted here; what a small project lacks is not the point


def found(view: Mapping[str, Any]) -> dict[str, set[tuple[str, int]]]:
    """Rules and lines by path of what the scanners found, of the document that `review --json` gives."""
    by_path: dict[str, set[tuple[str, int]]] = {}
    for finding in view.get("findings", ()):
        if finding["rule"].startswith(SCANNERS):
            by_path.setdefault(finding["path"], set()).add((finding["rule"], finding["line"]))
    return by_path


def steps(view: Mapping[str, Any]) -> dict[str, str]:
    """The status of every agent's step."""
    return {step["step"]: step["status"] for step in view["steps"] if step.get("agent")}


def summary(view: Mapping[str, Any], step: str) -> str:
    """What a step says in one line."""
    return next(str(one["summary"]) for one in view["steps"] if one["step"] == step)


def review_untouched(door: Door, directory: Path, *words: str, within: Sequence[str] = ()) -> Any:  # a JSON document
    """Review *directory*, see that nothing in it changed and that the record is right; gives the run."""
    before = snapshot(directory)
    answer = door.review(directory, *words, within=within)
    assert differences(before, snapshot(directory)) == []
    is_bad = any(answer.json["totals"][severity] for severity in ("critical", "high"))
    assert answer.exit_code == int(is_bad), answer.said
    return answer.json


def assert_complete(view: Any, files: dict[str, set[tuple[str, int]]]) -> None:  # a JSON document
    assert (view["status"], steps(view), view.get("reasons", [])) == ("succeeded", COMPLETE, [])
    assert found(view) == files


def assert_nothing_to_look_at(view: Any) -> None:  # as above
    """A tree without a file is no clean one: a broken checkout must not look like a good review."""
    reason = "There is no file to look at, so nothing here says that anything is well."
    assert (view["status"], sorted(view["reasons"])) == ("degraded", [f"compliance: {reason}", f"inventory: {reason}"])
    assert view.get("findings", []) == []


def header(answer: Answer) -> list[str]:
    """What stands on stderr before the first step is told."""
    lines = answer.said.splitlines()
    return lines[: next(number for number, line in enumerate(lines) if " queued " in line)]
