"""Pipelines of GitLab."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.security import ci_settings
from fairlead.agents.builtin.security.images import judge_image
from fairlead.agents.builtin.security.located import Located
from fairlead.agents.builtin.security.matches import Match
from fairlead.agents.builtin.security.shell_lines import shell_matches
from fairlead.agents.builtin.security.yaml_nodes import Document, Node, entries, get, items, text_of

_NAMES = re.compile(r"(.*/)?\.gitlab-ci\.ya?ml|(.*/)?[^/]+\.gitlab-ci\.ya?ml|\.gitlab/ci/.+\.ya?ml")
_SCRIPTS = ("script", "before_script", "after_script")
_NOT_JOBS = frozenset({"stages", "workflow", "include", "variables", "spec"})
# What the author of a merge request writes. As a variable it is harmless until a shell reads it a second time.
_EVALUATED = re.compile(
    r"\b(?:eval|(?:ba|z)?sh\s+-c)\b[^\n]*?(\$\{?CI_(?:COMMIT_(?:MESSAGE|TITLE|DESCRIPTION|BRANCH|REF_NAME|AUTHOR)"
    r"|MERGE_REQUEST_(?:TITLE|DESCRIPTION|SOURCE_BRANCH_NAME))\b\}?)"
)


def wants(path: str) -> bool:
    """Whether *path* is a pipeline, or one that another includes."""
    return _NAMES.fullmatch(path) is not None


def matches(document: Document) -> Iterator[Match]:
    """Every match in a pipeline."""
    for root in document.roots:
        yield from ci_settings.variables(document, get(root, "variables"))
        yield from _part(document, root)
        yield from _includes(document, get(root, "include"))
        for entry in entries(root):
            if entry.key not in _NOT_JOBS and entry.key not in _SCRIPTS:
                yield from ci_settings.variables(document, get(entry.value, "variables"))
                yield from _part(document, entry.value)
                yield from _docker_without_tls(document, get(entry.value, "variables"))
        yield from _docker_without_tls(document, get(root, "variables"))


def _part(document: Document, owner: Node) -> Iterator[Match]:
    """A job, or the defaults of all jobs."""
    image = get(owner, "image")
    for node in (get(image, "name") or image, *(get(item, "name") or item for item in items(get(owner, "services")))):
        if node is not None and (said := judge_image(text_of(node))):
            yield document.at(node, said[0], said[1])
    for key in _SCRIPTS:
        script = get(owner, key)
        for node in _flat(script):
            place = document.located(node)
            yield from shell_matches(place)
            yield from _evaluated(place)


def _flat(script: Node | None) -> Iterator[Node]:
    """The lines of a script; lists may stand in lists."""
    if script is None:
        return
    if text_of(script):
        yield script
    for item in items(script):
        if text_of(item):
            yield item
        for inner in items(item):
            if text_of(inner):
                yield inner


def _evaluated(place: Located) -> Iterator[Match]:
    for found in _EVALUATED.finditer(place.text):
        message = f"`{found[1]}` is written by a stranger and read by a second shell."
        yield place.match("security/ci-script-injection", *found.span(1), message)


def _includes(document: Document, include: Node | None) -> Iterator[Match]:
    for item in [include, *items(include)]:
        remote = get(item, "remote") if item is not None else None
        written = remote or (item if item is not None and re.match(r"https?://", text_of(item)) else None)
        if written is None or get(item, "integrity") is not None:
            continue
        is_plain = text_of(written).startswith("http://")
        yield document.at(
            written,
            "security/ci-remote-include",
            "A part of the pipeline is whatever this address answers.",
            severity="high" if is_plain else None,
            reason="The address is http://, so anybody on the way can put in another pipeline." if is_plain else "",
        )


def _docker_without_tls(document: Document, variables: Node | None) -> Iterator[Match]:
    for name, _, value in entries(variables):
        if name == "DOCKER_HOST" and re.fullmatch(r"tcp://[^/]+:2375/?", text_of(value)):
            yield document.at(
                value, "security/ci-docker-without-tls", "Docker is spoken to without encryption or a key."
            )
