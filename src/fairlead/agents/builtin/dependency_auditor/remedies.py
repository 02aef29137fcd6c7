"""What to type to get another version of a package, for each kind of file."""

import re
from collections.abc import Sequence

from fairlead.agents.builtin.dependency_auditor.reading import Package

_PLAIN = re.compile(r"[A-Za-z0-9@/._+!-]+", re.ASCII)  # a foreign file's names must not become a foreign command

# Kind of file → the command; `{n}` the package, `{v}` the version. The second is for what others bring along.
_COMMANDS: dict[str, tuple[str, str]] = {
    "uv.lock": ("uv lock --upgrade-package {n}", "uv lock --upgrade-package {n}"),
    "poetry.lock": ("poetry update {n}", "poetry update {n}"),
    "pdm.lock": ("pdm update {n}", "pdm update {n}"),
    "Pipfile.lock": ("pipenv upgrade {n}", "pipenv upgrade {n}"),
    "package-lock.json": ("npm install {n}@{v}", "npm update {n}"),
    "package.json": ("npm install {n}@{v}", "npm install {n}@{v}"),
    "yarn.lock": (
        "yarn upgrade {n}@{v}",
        "yarn upgrade {n}; where another package brings it, write it under resolutions in package.json",
    ),
    "yarn.lock of Yarn 2": ("yarn up {n}@{v}", "yarn up -R {n}"),
    "pnpm-lock.yaml": ("pnpm update {n}@{v}", "pnpm update -r --depth Infinity {n}"),
}


def remedy(kind: str, package: Package, fixed: Sequence[str], is_direct: bool) -> str:
    """How to get to a version of *fixed*, lowest first; nothing in it means that none is known."""
    if not fixed:
        return "No fixed version is known: use another package, or make sure that the affected part is not reached."
    if not all(_PLAIN.fullmatch(text) for text in (package.name, *fixed)):
        return "Update it to a version that is not affected."
    if kind not in _COMMANDS:
        return f"Write {package.name}=={fixed[-1]} or a later version."
    direct, brought = _COMMANDS[kind]
    command = (direct if is_direct else brought).format(n=package.name, v=fixed[-1])
    return f"Update to {' or '.join(fixed)} or later: {command}"


def removal(name: str) -> str:
    """What to do about a package that was made to harm."""
    what = f"Remove {name[:100]}" if _PLAIN.fullmatch(name) else "Remove it"
    return f"{what}, treat every machine that installed it as broken into, and change the credentials on it."
