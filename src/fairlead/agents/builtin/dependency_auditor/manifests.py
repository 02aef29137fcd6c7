"""Reads what a project asks for itself: pyproject.toml, Pipfile.lock beside them, and package.json."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.dependency_auditor.json_places import read_json
from fairlead.agents.builtin.dependency_auditor.reading import (
    Broken,
    Fault,
    Package,
    Reading,
    Where,
    Wish,
    is_fixed_source,
    is_insecure,
    rows,
    shown_address,
    table,
    text_of,
)
from fairlead.agents.builtin.dependency_auditor.toml_files import read_toml
from fairlead.agents.builtin.dependency_auditor.versions import npm_key
from fairlead.core.json import Json

NPM_GROUPS = ("dependencies", "devDependencies", "optionalDependencies")
_EXACT_NPM = re.compile(r"[v=\s]*\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\s*", re.ASCII)
_LOOSE_NPM = re.compile(r"(?:|\*|x|latest|>=?\s*\d[\w.]*)", re.IGNORECASE)
_FORGE = re.compile(r"(?:github:|gitlab:|bitbucket:|gist:)?[\w.-]+/[\w.-]+(?:#(?P<at>.+))?")


def read_pyproject(path: str, text: str) -> Reading:
    """pyproject.toml: PEP 621, dependency groups, and the tables of Poetry and PDM."""
    data = read_toml(text)
    reading = Reading(path, "pyproject.toml", "PyPI", text)
    finder = _Finder(text)
    project, tool = table(data, "project"), table(data, "tool")
    for is_extra, requirements in _requirement_lists(data, project, tool):
        for requirement in requirements if isinstance(requirements, list) else ():
            if isinstance(requirement, str):
                _python_wish(requirement, finder.quoted(requirement), reading, is_extra)
    poetry = table(tool, "poetry")
    groups = [(table(poetry, "dependencies"), False), (table(poetry, "dev-dependencies"), True)]
    groups += [(table(group, "dependencies"), True) for group in table(poetry, "group").values()]
    for group, is_extra in groups:
        for name, wanted in group.items():
            if name.lower() != "python":
                _poetry_wish(name, wanted, finder.key(name), reading, is_extra)
    indexes = [*rows(table(tool, "uv"), "index"), *rows(poetry, "source"), *rows(table(tool, "pdm"), "source")]
    for index in indexes:
        address = text_of(index, "url")
        if is_insecure(address):
            message = f"Packages are fetched from {shown_address(address)}."
            reading.faults.append(Fault("insecure-source", finder.quoted(address), message, subject=address))
    return reading


def names_of_project(data: Json) -> tuple[str, list[str]] | None:
    """The name of the project and its requirements by PEP 621; None when a program adds to them when it is built."""
    project = table(data, "project")
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        return None
    found = project.get("dependencies")
    return text_of(project, "name"), [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _requirement_lists(
    data: dict[str, Json], project: dict[str, Json], tool: dict[str, Json]
) -> Iterator[tuple[bool, Json]]:
    yield False, project.get("dependencies")
    for group in (table(project, "optional-dependencies"), table(data, "dependency-groups")):
        yield from ((True, requirements) for requirements in group.values())
    yield True, table(tool, "uv").get("dev-dependencies")
    yield from ((True, requirements) for requirements in table(table(tool, "pdm"), "dev-dependencies").values())


def _python_wish(requirement: str, where: Where, reading: Reading, is_extra: bool) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return  # such as `-e .` of PDM
    if wanted.url:
        _elsewhere(wanted.name, wanted.url, where, reading)
        return
    exact = next((s.version for s in wanted.specifier if s.operator in ("==", "===") and "*" not in s.version), "")
    if exact:
        reading.packages.append(Package(wanted.name, exact, where, True, is_extra))
    reading.wishes.append(Wish(wanted.name, str(wanted.specifier), where, bool(exact), bool(wanted.specifier)))


def _poetry_wish(name: str, wanted: Json, where: Where, reading: Reading, is_extra: bool) -> None:
    if isinstance(wanted, list):
        for one in wanted:
            _poetry_wish(name, one, where, reading, is_extra)
        return
    if isinstance(wanted, dict):
        address = text_of(wanted, "git") or text_of(wanted, "url")
        if address:
            commit = text_of(wanted, "rev")
            _elsewhere(name, f"git+{address}@{commit}" if "git" in wanted else address, where, reading)
            return
        if "path" in wanted:
            return
        wanted = wanted.get("version")
    text = wanted.strip() if isinstance(wanted, str) else "*"
    if re.fullmatch(r"(?:==\s*)?\d[\w.+!-]*", text):
        version = text.lstrip("= ")
        reading.packages.append(Package(name, version, where, True, is_extra))
        reading.wishes.append(Wish(name, text, where, True, True))
    else:
        reading.wishes.append(Wish(name, text, where, False, text not in ("*", "")))


def _elsewhere(name: str, address: str, where: Where, reading: Reading) -> None:
    reading.wishes.append(Wish(name, address, where, is_elsewhere=True))
    if is_insecure(address):
        message = f"{name} is fetched from {shown_address(address)}."
        reading.faults.append(Fault("insecure-source", where, message, subject=name))
    if not address.startswith("file:") and not is_fixed_source(address):
        message = f"{name} comes from {shown_address(address)}, and what is there can be exchanged."
        reading.faults.append(Fault("unfixed-source", where, message, subject=name))


class _Finder:
    """Finds texts and keys of a TOML document again; each text is looked for behind the one before."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at: dict[str, int] = {}

    def quoted(self, value: str) -> Where:
        """Where a text stands in quotes."""
        return self._next(value, rf"(?P<q>[\"']){re.escape(value)}(?P=q)", 1)

    def key(self, name: str) -> Where:
        """Where a key stands at the beginning of a line."""
        return self._next(name, rf"(?m)^[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*(?:=|\.)[^\n]*", 0)

    def _next(self, value: str, pattern: str, margin: int) -> Where:
        found = re.compile(pattern).search(self._text, self._at.get(value, 0))
        if not found:
            return Where()
        self._at[value] = found.end()
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        return Where(start + margin, found.start() + len(found[0].rstrip()) - margin)


def read_package_json(path: str, text: str) -> Reading:
    """package.json."""
    data = read_json(text)
    reading = Reading(path, "package.json", "npm", text)
    reading.own_name = text_of(data, "name")
    reading.overridden = frozenset(_overridden(data))
    for group in NPM_GROUPS:
        if group in data and not isinstance(data[group], dict):
            raise Broken("FL-A132", f"`{group}` is no object")
        for name, wanted in table(data, group).items():
            if isinstance(wanted, str):
                _npm_wish(name, wanted.strip(), Where(keys=(group, name)), reading, group == "devDependencies")
    return reading


def _overridden(data: dict[str, Json]) -> Iterator[str]:
    """The packages named by `resolutions` (Yarn) and `overrides` (npm, pnpm), without the path that leads to them."""
    for settings in (table(data, "resolutions"), table(data, "overrides"), table(table(data, "pnpm"), "overrides")):
        for key in settings:
            name = re.split(r"[/>](?=[^/>]*$)", key)[-1] if "@" not in key[:1] else key
            yield name[:at] if (at := name.find("@", 1)) > 0 else name


def _npm_wish(name: str, wanted: str, where: Where, reading: Reading, is_for_development: bool) -> None:
    if wanted.startswith(("workspace:", "file:", "link:", "portal:", "catalog:", "patch:", ".")):
        return
    asked_as, asked = name, wanted  # the lock knows an alias by its own name
    if wanted.startswith("npm:"):
        real, _, wanted = wanted[4:].rpartition("@")
        name = real or name
    if _EXACT_NPM.fullmatch(wanted) and npm_key(wanted) is not None:
        version = wanted.strip(" v=")
        reading.packages.append(Package(name, version, where, True, is_for_development))
        reading.wishes.append(Wish(asked_as, asked, where, True, True))
    elif "://" in wanted or _FORGE.fullmatch(wanted):
        reading.wishes.append(Wish(name, wanted, where, is_elsewhere=True))
        if is_insecure(wanted):
            message = f"{name} is fetched from {shown_address(wanted)}."
            reading.faults.append(Fault("insecure-source", where, message, subject=name))
    else:
        reading.wishes.append(Wish(asked_as, asked, where, False, _LOOSE_NPM.fullmatch(wanted) is None))
