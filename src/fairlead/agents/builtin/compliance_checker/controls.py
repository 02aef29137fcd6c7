"""Control profiles: which evidence an auditor wants, and what of it was found."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal

import msgspec

from fairlead.agents.builtin.compliance_checker.records import Check
from fairlead.core.findings import path_text
from fairlead.core.json import Json

EVIDENCE_MAX = 5  # places shown for one control; the number of the others is said

Scope = Literal["licences", "files", "headers", "environment", "ci", "containers", "run"]
_PACKAGE = "fairlead.agents.builtin.compliance_checker"


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One control of a profile. All texts are whole sentences for people, except `title`."""

    id: str
    title: str
    wanted: str  # the evidence that is wanted
    check: str  # what gathers it: a key of `CHECKS`
    criteria: tuple[str, ...] = ()  # what an outside list calls it


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of controls."""

    name: str
    title: str
    description: str
    control: tuple[Control, ...]


# Every check that there is: where it belongs, and the rules that tell when something is wrong. A check without rules of
# its own is told by another agent.
CHECKS: dict[str, tuple[Scope, tuple[str, ...]]] = {
    "own-licence": (
        "licences",
        ("compliance/no-licence-file", "compliance/licence-unknown", "compliance/licence-mismatch"),
    ),
    "dependency-licences": (
        "licences",
        (
            "compliance/licence-not-allowed",
            "compliance/licence-unknown",
            "compliance/licence-not-parsed",
            "compliance/licence-missing",
        ),
    ),
    "readme": ("files", ("compliance/no-readme",)),
    "security-policy": ("files", ("compliance/no-security-policy",)),
    "code-owners": ("files", ("compliance/no-code-owners",)),
    "lock-file": ("files", ("compliance/no-lock-file",)),
    "dependency-updates": ("files", ("compliance/no-dependency-updates",)),
    "ci": ("ci", ("compliance/no-ci",)),
    "tests": ("files", ("compliance/no-tests",)),
    "ci-pinned": ("ci", ("security/ci-unpinned-action", "security/image-without-digest", "security/image-latest")),
    "ci-permissions": ("ci", ("security/ci-permissions-missing", "security/ci-permissions-all")),
    "environment-files": ("environment", ("compliance/env-file-committed", "compliance/env-not-ignored")),
    "environment-documented": ("environment", ("compliance/env-example-missing", "compliance/env-undocumented")),
    "security-headers": (
        "headers",
        (
            "compliance/header-content-security-policy",
            "compliance/header-frame-options",
            "compliance/header-content-type-options",
            "compliance/header-strict-transport-security",
            "compliance/cookie-not-secure",
        ),
    ),
    "container-user": ("containers", ("security/container-root",)),
    # Judged only when the evidence of a run is handed in.
    "run-approved": ("run", ()),
    "run-shown": ("run", ()),
}


class NoProfile(Exception):
    """There is no profile of this name; the text lists those that there are."""


def _profile_names() -> list[str]:
    """The profiles that ship."""
    folder = files(_PACKAGE).joinpath("profiles")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_profile(name: str) -> Profile:
    """The profile *name*.

    Raises:
        NoProfile: there is none.
    """
    if name not in _profile_names():
        raise NoProfile(f"there is no profile `{name[:60]}`; there are: {', '.join(_profile_names())}")
    text = files(_PACKAGE).joinpath("profiles", f"{name}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Profile)


def judged(profile: Profile, checks: Mapping[str, Check], rules: Sequence[str]) -> list[dict[str, Json]]:
    """The controls of *profile* whose checks were made, with evidence and state; *rules* are those with findings."""
    found = set(rules)
    rows: list[dict[str, Json]] = []
    for control in profile.control:
        check = checks.get(control.check)
        if check is None:
            continue  # outside of the scope that was asked for
        state = check.state
        told_by = CHECKS[control.check][1]
        lacking = list(check.lacking) or (["No evidence was found."] if state == "open" else [])
        if len(check.evidence) > EVIDENCE_MAX:
            more = len(check.evidence) - EVIDENCE_MAX
        else:
            more = 0
        rows.append(
            {
                "id": control.id,
                "title": control.title,
                "wanted": control.wanted,
                "state": state,
                "evidence": [
                    {"path": path_text(place.path), "line": place.line, "what": _clean(place.what)}
                    for place in check.evidence[:EVIDENCE_MAX]
                ],
                "evidence_more": more,
                "lacking": [_clean(text) for text in lacking],
                "reason": check.not_applicable if state == "not applicable" else "",
                "rules": [
                    rule for rule in told_by if state == "open" and (rule in found or rule.startswith("security/"))
                ],
                "criteria": list(control.criteria),
            }
        )
    return rows


def _clean(text: str) -> str:
    """Text that strict JSON can carry."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")
