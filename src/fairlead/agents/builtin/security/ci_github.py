"""Workflows and actions of GitHub and of those who speak its language."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.security import ci_settings
from fairlead.agents.builtin.security.images import judge_image
from fairlead.agents.builtin.security.located import Located, shortened
from fairlead.agents.builtin.security.matches import Match
from fairlead.agents.builtin.security.shell_lines import shell_matches
from fairlead.agents.builtin.security.yaml_nodes import Document, Node, entries, get, items, scalars, text_of
from fairlead.core.findings import Severity

_NAMES = re.compile(r"\.(github|gitea|forgejo)/workflows/[^/]+\.ya?ml|(.*/)?action\.ya?ml")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FIRST_PARTY = ("actions/", "github/")
_BRANCHES = frozenset({"main", "master", "develop", "dev", "trunk", "latest", "HEAD"})

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
# What a stranger writes: titles, bodies, messages, and names of branches.
_STRANGERS = re.compile(
    r"\bgithub\.(?:head_ref|event\.(?:"
    r"(?:issue|pull_request|discussion|comment|review|review_comment|release)\.(?:title|body)"
    r"|pull_request\.head\.(?:ref|label|repo\.(?:default_branch|description|homepage))"
    r"|(?:head_commit|commits\[[^\]]*\]|commits\.\*|commits)\.(?:message|author\.(?:name|email))"
    r"|pages\[[^\]]*\]\.page_name|pages\.\*\.page_name"
    r"|workflow_run\.(?:head_branch|display_title|head_commit\.(?:message|author\.(?:name|email))|head_repository\.description)"
    r"))\b"
)
# These give a truth value whatever the text is.
_JUDGING = re.compile(
    r"\b(?:contains|startsWith|endsWith)\s*\([^()]*\)|[\w.\[\]*'-]+\s*[!=]=\s*[\w.\[\]*'-]+|\bhashFiles\s*\([^()]*\)"
)
_HEAD = re.compile(
    r"pull_request\.head\.(?:sha|ref)|github\.head_ref|refs/pull/|workflow_run\.head_(?:sha|branch)|merge_commit_sha"
)
_PRIVILEGED_EVENTS = ("pull_request_target", "workflow_run", "issue_comment")
_ECHO = re.compile(
    r"(?m)\b(?:echo|printf|print|Write-Host|Write-Output)\b[^\n|>]*?(\$\{\{\s*secrets\.[\w-]+\s*\}\})(?![^\n]*(?:[|]|>))"
)
_ALL_SECRETS = re.compile(r"\$\{\{[^}]*\btoJSON\s*\(\s*secrets\s*\)[^}]*\}\}", re.IGNORECASE)
_ARTIFACT = re.compile(r"^(?:actions/download-artifact|dawidd6/action-download-artifact)@")


def wants(path: str) -> bool:
    """Whether *path* is a workflow or an action."""
    return _NAMES.fullmatch(path) is not None


def matches(document: Document) -> Iterator[Match]:
    """Every match in a workflow or an action."""
    for root in document.roots:
        events = _events(get(root, "on"))
        if runs := get(root, "runs"):
            yield from _steps(document, runs, events, is_guarded=True)
            yield from _image_of_action(document, runs)
        if get(root, "jobs") is None:
            continue
        yield from _permissions(document, root)
        yield from ci_settings.variables(document, get(root, "env"))
        for job in entries(get(root, "jobs")):
            yield from _job(document, job.value, events)
        for node in scalars(root):
            yield from _all_secrets(document, node)


def _events(on: Node | None) -> frozenset[str]:
    names = {text_of(on), *(text_of(item) for item in items(on)), *(entry.key for entry in entries(on))}
    return frozenset(names - {""})


def _permissions(document: Document, root: Node) -> Iterator[Match]:
    whole, jobs = get(root, "permissions"), get(root, "jobs")
    places = [whole, *(get(job.value, "permissions") for job in entries(jobs))]
    for place in places:
        if text_of(place) == "write-all" and place is not None:
            yield document.at(
                place, "security/ci-permissions-all", "The token may change everything in the repository."
            )
    if whole is None and any(get(job.value, "permissions") is None for job in entries(jobs)):
        key = next(entry for entry in entries(root) if entry.key == "jobs").key_node
        message = "No permissions are named, so the token gets what the repository's settings give."
        yield document.at(key, "security/ci-permissions-missing", message)


def _job(document: Document, job: Node, events: frozenset[str]) -> Iterator[Match]:
    yield from ci_settings.variables(document, get(job, "env"))
    if uses := get(job, "uses"):
        yield from _uses(document, uses)
    runner = get(job, "runs-on")
    if "pull_request" in events or "pull_request_target" in events:
        for node in [runner, get(runner, "labels"), *items(runner), *items(get(runner, "labels"))]:
            if node is not None and text_of(node) == "self-hosted":
                message = "A pull request runs on a machine that keeps what it leaves behind."
                yield document.at(node, "security/ci-self-hosted-runner", message)
    container = get(job, "container")
    for image in (
        get(container, "image") or container,
        *(get(s.value, "image") for s in entries(get(job, "services"))),
    ):
        if image is not None and (said := judge_image(text_of(image))):
            yield document.at(image, said[0], said[1])
    is_guarded = get(job, "if") is not None or get(job, "environment") is not None
    yield from _steps(document, job, events, is_guarded=is_guarded)


def _steps(document: Document, owner: Node, events: frozenset[str], *, is_guarded: bool) -> Iterator[Match]:
    steps = items(get(owner, "steps"))
    for number, step in enumerate(steps):
        yield from ci_settings.variables(document, get(step, "env"))
        if run := get(step, "run"):
            place = document.located(run)
            yield from _injections(place, events)
            yield from _printed(place)
            yield from shell_matches(place)
        uses = get(step, "uses")
        if uses is None:
            continue
        name = text_of(uses)
        yield from _uses(document, uses)
        if name.startswith("actions/github-script@") and (script := get(step, "with", "script")):
            yield from _injections(document.located(script), events)
        if name.startswith("actions/checkout@"):
            yield from _checkout(document, step, steps[number + 1 :], events, is_guarded)
        elif _ARTIFACT.match(name) and "workflow_run" in events:
            message = "The files come from a run that a stranger's pull request may have started."
            yield document.at(uses, "security/ci-untrusted-artifact", message)


def _checkout(
    document: Document, step: Node, later: list[Node], events: frozenset[str], is_guarded: bool
) -> Iterator[Match]:
    reference = get(step, "with", "ref")
    privileged = next((event for event in _PRIVILEGED_EVENTS if event in events), None)
    if reference is None or privileged is None or not _HEAD.search(text_of(reference)):
        return
    runs = any(get(one, "run") is not None or text_of(get(one, "uses")).startswith("./") for one in later)
    severity: Severity = "critical" if runs and not is_guarded else "high"
    reason = f"`{privileged}` runs with the repository's secrets and a token that may write"
    reason += ", and later steps run what was fetched." if runs else "."
    if is_guarded:
        reason += " A condition or an environment of the job may keep strangers out."
    message = "The code of a stranger's pull request is fetched into a run that has secrets."
    yield document.at(reference, "security/ci-untrusted-checkout", message, severity=severity, reason=reason)


def _uses(document: Document, uses: Node) -> Iterator[Match]:
    name = text_of(uses)
    if name.startswith("./") or "${{" in name:
        return
    if name.startswith("docker://"):
        if said := judge_image(name.removeprefix("docker://")):
            yield document.at(uses, said[0], said[1])
        return
    action, at, reference = name.partition("@")
    if "/" not in action or _COMMIT.fullmatch(reference):
        return
    message = (
        f"`{shortened(name)}` is whatever the name `{shortened(reference or 'of its main branch', 30)}` points to."
    )
    if action.startswith(_FIRST_PARTY):
        reason = "It is published by GitHub, whose machines run the workflow anyway."
        yield document.at(uses, "security/ci-unpinned-action", message, severity="info", reason=reason)
    elif not at or reference in _BRANCHES:
        reason = "It follows a branch: every change of its authors runs here at once, with the workflow's token."
        yield document.at(uses, "security/ci-unpinned-action", message, reason=reason)
    else:
        yield document.at(uses, "security/ci-unpinned-action", message)


def _image_of_action(document: Document, runs: Node) -> Iterator[Match]:
    image = get(runs, "image")
    name = text_of(image)
    if image is not None and name.startswith("docker://") and (said := judge_image(name.removeprefix("docker://"))):
        yield document.at(image, said[0], said[1])


def _injections(place: Located, events: frozenset[str]) -> Iterator[Match]:
    """An expression is put into the text of a script before any shell reads it, quotes or not."""
    only_forks = bool(events) and events <= {"pull_request", "push", "workflow_dispatch", "schedule", "merge_group"}
    for expression in _EXPRESSION.finditer(place.text):
        inside = _JUDGING.sub(lambda found: " " * len(found[0]), expression[1])
        stranger = _STRANGERS.search(inside)
        if stranger is None:
            continue
        yield place.match(
            "security/ci-script-injection",
            *expression.span(),
            f"`{shortened(stranger[0])}` is written by a stranger and becomes a part of the script.",
            severity="medium" if only_forks else None,
            reason="From a fork these events run without secrets and with a token that may only read."
            if only_forks
            else "",
        )


def _printed(place: Located) -> Iterator[Match]:
    for echo in _ECHO.finditer(place.text):
        message = "A secret is written to the log; masking misses it once it is changed in any way."
        yield place.match("security/ci-secret-printed", *echo.span(1), message)


def _all_secrets(document: Document, node: Node) -> Iterator[Match]:
    if "secrets" in text_of(node) and "toJSON" in text_of(node):
        place = document.located(node)
        for found in _ALL_SECRETS.finditer(place.text):
            yield place.match("security/ci-all-secrets", *found.span(), "All secrets are handed over at once.")
