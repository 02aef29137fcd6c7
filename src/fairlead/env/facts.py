"""What expressions may read of the repository and the machine, as it is at one moment."""

import os
import platform
import re

from fairlead.core.findings import path_from_text, path_text
from fairlead.core.json import Json
from fairlead.env.git import filters_of, run_git

_KINDS = {"github": "github", "gitlab": "gitlab", "bitbucket": "bitbucket", "codeberg": "forgejo", "azure": "azure"}
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
LISTED_MAX = 50_000  # files


def git_facts(root: str, *, with_changed: bool, with_tree: bool) -> dict[str, Json]:
    """`git`: branch, commit, base, repo, remote; and where they are asked for the lists behind its two functions."""
    commit = _ask(root, "rev-parse", "--verify", "--quiet", "HEAD")
    branch = _ask(root, "symbolic-ref", "--short", "--quiet", "HEAD")
    remote = _ask(root, "config", "--get", "remote.origin.url")
    since = _branched_off(root, commit)
    facts: dict[str, Json] = {
        "branch": branch,
        "commit": commit,
        "base": since,
        "repo": _name(remote) or os.path.basename(root),
        "remote": {"kind": _kind(remote), "url": _without_secrets(remote)},
    }
    if with_changed:
        facts["#changed"] = _changed(root, since)
    if with_tree:
        facts["#tree"] = _tree(root)
    return facts


def host_facts() -> dict[str, Json]:
    """`host`: what a measurement depends on."""
    return {
        "os": platform.system().lower(),
        "arch": platform.machine(),
        "name": platform.node(),
        "cpus": os.cpu_count() or 1,
        "cpu_model": _cpu_model(),
        "python": platform.python_version(),
    }


def _ask(root: str, *args: str) -> str:
    answer = run_git(root, *args)
    return os.fsdecode(answer.stdout).strip() if answer.exit_code == 0 else ""


def _branched_off(root: str, commit: str) -> str:
    """Where the branch left the default branch; the commit itself when it stands on that."""
    for name in _DEFAULT_BRANCHES if commit else ():
        if found := _ask(root, "merge-base", "HEAD", name):
            return found
    return commit


def _name(remote: str) -> str:
    return re.sub(r"\.git/?$", "", remote.rstrip("/")).replace(":", "/").rpartition("/")[2]


def _kind(remote: str) -> str:
    if not remote:
        return "none"
    host = re.sub(r"^[a-z+]+://", "", remote).partition("@")[2] or re.sub(r"^[a-z+]+://", "", remote)
    host = re.split(r"[:/]", host)[0].lower()
    return next((kind for word, kind in _KINDS.items() if word in host), "other")


def _without_secrets(remote: str) -> str:
    return re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", remote)


def _changed(root: str, since: str) -> list[str]:
    filters = filters_of(root)
    names: set[bytes] = set()
    if since:
        names.update(
            run_git(root, "diff", "--name-only", "--no-renames", "-z", since, "--", filters=filters).stdout.split(b"\0")
        )
    names.update(run_git(root, "ls-files", "--others", "--exclude-standard", "-z").stdout.split(b"\0"))
    return sorted(path_text(os.fsdecode(name)) for name in names if name)[:LISTED_MAX]


def _tree(root: str) -> dict[str, str]:
    listed = run_git(root, "ls-files", "--stage", "-z").stdout.split(b"\0")
    found: dict[str, str] = {}
    for entry in listed[:LISTED_MAX]:
        facts, _, name = entry.partition(b"\t")
        if name:
            found[path_text(os.fsdecode(name))] = facts.split()[1].decode("ascii", "replace")
    for path in _changed(root, "HEAD" if _ask(root, "rev-parse", "--verify", "--quiet", "HEAD") else ""):
        found[path] = _ask(root, "hash-object", "--no-filters", "--", path_from_text(path)) or "gone"
    return found


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # only Linux has it
    return platform.processor() or "unknown"
