"""CI and containers: whether what runs is pinned, what its token may do, and as whom containers run.

What is wrong there is found and told by the security-scanner. Here it is only seen whether a control has evidence.
"""

import re

from fairlead.agents.builtin.compliance_checker.records import Check, Place
from fairlead.agents.builtin.compliance_checker.tree import TextFile, Tree, is_own
from fairlead.agents.builtin.compliance_checker.yaml_leaves import Leaf, NotYaml, leaves

LACKING_MAX = 5  # places named in one control; the number of the others is said

_WORKFLOW = re.compile(r"\.(github|gitea|forgejo)/workflows/[^/]+\.ya?ml")
_GITLAB = re.compile(r"(.*/)?([^/]+)?\.gitlab-ci\.ya?ml|\.gitlab/ci/.+\.ya?ml")
_COMMIT = re.compile(r"@([0-9a-f]{40}|[0-9a-f]{64})$")
_FIRST_PARTY = ("actions/", "github/", "./", "../", "docker://")
_DOCKERFILE = re.compile(r"(.*/)?((docker|container)file(\.[^/]+)?|[^/]+\.(docker|container)file)", re.IGNORECASE)
_NOT_ONE = re.compile(r"\.(md|rst|txt|dockerignore|py|go|js|ts|html|json|ya?ml|j2|tpl|tmpl|sh)$", re.IGNORECASE)
_UNPRIVILEGED = re.compile(r"nonroot|unprivileged|rootless|^cgr\.dev/chainguard/|^(docker\.io/)?bitnami/")
_INSTRUCTION = re.compile(r"\s*(FROM|USER)\s+(.*?)\s*$", re.IGNORECASE)


class Pipelines:
    """Looks into workflows and pipelines."""

    limit = 2_000_000

    def __init__(self) -> None:
        self._pinned: list[Place] = []
        self._loose: list[str] = []
        self._limited: list[Place] = []
        self._unlimited: list[str] = []
        self._files: list[str] = []
        self._workflows = 0

    def wants(self, path: str) -> bool:
        """Whether *path* is a workflow or a pipeline."""
        return _WORKFLOW.fullmatch(path) is not None or _GITLAB.fullmatch(path) is not None

    def look_at(self, file: TextFile, tree: Tree) -> None:
        """Take in what *file* runs."""
        found: list[Leaf] = []
        try:
            found.extend(leaves(file.text))
        except NotYaml as error:
            tree.broken("FL-A143", file.path, str(error))
            self._loose.append(f"`{file.path}` cannot be read.")
        self._files.append(file.path)
        is_workflow = _WORKFLOW.fullmatch(file.path) is not None
        jobs = set[str]()
        limited = dict[str, int]()
        for leaf in found:
            if is_workflow and leaf.keys[-1] == "uses":
                self._action(file.path, leaf)
            elif (
                leaf.keys[-1] == "image"
                or leaf.keys[-2:] in (("image", "name"), ("container", "container"))
                or (leaf.keys[-1] == "container" and is_workflow)
            ):
                self._image(file.path, leaf.value, leaf.line)
            if leaf.keys[:1] == ("jobs",) and len(leaf.keys) > 1:
                jobs.add(leaf.keys[1])
            if is_workflow and "permissions" in leaf.keys[:1]:
                limited.setdefault("", leaf.line)
            elif is_workflow and leaf.keys[:1] == ("jobs",) and "permissions" in leaf.keys[2:3]:
                limited.setdefault(leaf.keys[1], leaf.line)
            if "permissions" in leaf.keys and leaf.value == "write-all":
                self._unlimited.append(f"`{file.path}:{leaf.line}` lets the token do everything.")
        # `permissions: {}` has no leaf, and is the strictest form.
        empty = file.line_of(r"^permissions:\s*\{\s*\}")
        if empty:
            limited.setdefault("", empty)
        if is_workflow and jobs:
            self._workflows += 1
            if "" in limited or jobs <= limited.keys():
                self._limited.append(Place(file.path, min(limited.values()), "names what the token may do"))
            else:
                self._unlimited.append(f"`{file.path}` does not say what its token may do.")

    def _action(self, path: str, leaf: Leaf) -> None:
        if leaf.value.startswith("docker://"):
            self._image(path, leaf.value.removeprefix("docker://"), leaf.line)
        elif "${{" in leaf.value or leaf.value.startswith(_FIRST_PARTY) or "/" not in leaf.value:
            return
        elif _COMMIT.search(leaf.value):
            self._pinned.append(Place(path, leaf.line, f"{leaf.value.partition('@')[0][:80]} by its commit"))
        else:
            self._loose.append(f"`{path}:{leaf.line}` takes `{leaf.value[:80]}`, which others can move.")

    def _image(self, path: str, image: str, line: int) -> None:
        if not image or "$" in image or "<" in image:
            return
        if "@sha256:" in image:
            self._pinned.append(Place(path, line, f"{image.partition('@')[0][:80]} by its digest"))
        else:
            self._loose.append(f"`{path}:{line}` takes the image `{image[:80]}`, which others can move.")

    def checks(self, tree: Tree) -> dict[str, Check]:
        """What was learnt for the controls `ci-pinned` and `ci-permissions`."""
        pinned = Check(sorted(self._pinned)[:LACKING_MAX], _first(self._loose))
        if not self._files:
            pinned.not_applicable = "The tree holds no workflow of GitHub and no pipeline of GitLab."
        elif not pinned.evidence and not pinned.lacking:
            pinned.evidence = [Place(path, 0, "takes no action or image of others") for path in sorted(self._files)[:1]]
        limited = Check(sorted(self._limited)[:LACKING_MAX], _first(self._unlimited))
        if not self._workflows:
            limited.not_applicable = "The tree holds no workflow of GitHub."
        return {"ci-pinned": pinned, "ci-permissions": limited}


class Containers:
    """Looks for the user that containers run as."""

    limit = 2_000_000

    def __init__(self) -> None:
        self._evidence: list[Place] = []
        self._lacking: list[str] = []

    def wants(self, path: str) -> bool:
        """Whether *path* is called like a Dockerfile of the project."""
        return _DOCKERFILE.fullmatch(path) is not None and _NOT_ONE.search(path) is None and is_own(path)

    def look_at(self, file: TextFile, tree: Tree) -> None:
        """Find the user of the last stage; a stage takes over that of the stage it is built on."""
        users: dict[str, tuple[str, int]] = {}
        user, line, name, stages = "", 0, "", 0
        for number, text in enumerate(file.lines, 1):
            found = _INSTRUCTION.match(text)
            if found is None:
                continue
            words = [word for word in found[2].split() if not word.startswith("--")]
            if found[1].upper() == "USER":
                user, line = found[2].strip("\"'"), number
            elif words:
                users[name] = (user, line)
                stages += 1
                name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else f"#{stages}"
                user, line = users.get(words[0].lower(), ("", 0))
                if _UNPRIVILEGED.search(words[0]):
                    user, line = "that of the image", number
        if not stages:
            return
        if user and not re.fullmatch(r"(root|0)(:.*)?", user):
            self._evidence.append(Place(file.path, line, f"runs as {user[:60]}"))
        else:
            self._lacking.append(
                f"`{file.path}` sets no user, so the container runs as root."
                if not user
                else f"`{file.path}:{line}` says root."
            )

    def checks(self, tree: Tree) -> dict[str, Check]:
        """What was learnt for the control `container-user`."""
        check = Check(sorted(self._evidence)[:LACKING_MAX], _first(self._lacking))
        if not self._evidence and not self._lacking:
            check.not_applicable = "The tree holds no Dockerfile."
        return {"container-user": check}


def _first(texts: list[str]) -> list[str]:
    ordered = sorted(texts)
    more = len(ordered) - LACKING_MAX
    return [*ordered[:LACKING_MAX], f"{more} more places are like these."] if more > 0 else ordered
