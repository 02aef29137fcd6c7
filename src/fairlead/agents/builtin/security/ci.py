"""CI workflows: what strangers can make them do, what they trust, and what they give away."""

import re
from collections.abc import Callable, Iterable, Iterator

from fairlead.agents.builtin.security import ci_github, ci_gitlab
from fairlead.agents.builtin.security.located import of_lines
from fairlead.agents.builtin.security.matches import Match, lines_of
from fairlead.agents.builtin.security.shell_lines import shell_matches
from fairlead.agents.builtin.security.yaml_nodes import Document, scalars

_Read = Callable[[Document], Iterator[Match]]

_OTHERS = re.compile(
    r"\.circleci/[^/]+\.ya?ml|\.travis\.ya?ml|(.*/)?azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.ya?ml|\.drone\.ya?ml"
    r"|\.woodpecker(/[^/]+)?\.ya?ml|\.buildkite/[^/]+\.ya?ml|\.?appveyor\.ya?ml|\.cirrus\.ya?ml|\.semaphore/[^/]+\.ya?ml"
    r"|cloudbuild\.ya?ml|buildspec\.ya?ml|\.build\.ya?ml|\.builds/[^/]+\.ya?ml|codefresh\.ya?ml"
)
_SCRIPTS = re.compile(r"(.*/)?Jenkinsfile(\.[^/]+)?|(.*/)?[^/]+\.jenkinsfile", re.IGNORECASE)


def wants(path: str) -> bool:
    """Whether *path* is where a CI system looks for its file."""
    return (
        ci_github.wants(path)
        or ci_gitlab.wants(path)
        or _OTHERS.fullmatch(path) is not None
        or _SCRIPTS.fullmatch(path) is not None
    )


def scan_file(path: str, text: str) -> Iterable[Match]:
    """Every match in a workflow or pipeline."""
    lines = lines_of(text)
    if _SCRIPTS.fullmatch(path):
        return list(shell_matches(of_lines(lines)))
    read: _Read = ci_github.matches if ci_github.wants(path) else ci_gitlab.matches if ci_gitlab.wants(path) else _any
    document = Document(text, lines)
    found = list(read(document))
    return [document.broken, *found] if document.broken else found


def _any(document: Document) -> Iterator[Match]:
    """A system whose file we know only as YAML with shell text in it."""
    for root in document.roots:
        for node in scalars(root):
            if len(node.value) > 6:
                yield from shell_matches(document.located(node))
