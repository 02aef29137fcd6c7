"""Reads dependency manifests: what a project depends on, how it is called, what it starts.

Every reader takes text and gives a `Manifest`, or raises `BrokenManifest` with the reason. Nothing here runs what it
reads.
"""

import ast
import configparser
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

import msgspec

from fairlead.agents.builtin.inventory.markup import MarkupBroken, elements
from fairlead.core.json import Json


class EntryPoint(msgspec.Struct, frozen=True):
    """Something that a person or a system starts. `target` is what it leads to, as the manifest says it."""

    kind: str  # "console script", "program", "script", "process"
    name: str
    target: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """What one manifest declares. Names of `dependencies` are as the framework table writes them."""

    ecosystem: str  # "pypi", "npm", "go", …: the key of the framework table
    dependencies: frozenset[str] = frozenset()
    for_development: frozenset[str] = (
        frozenset()
    )  # needed only to work on the project, or by a part that one may leave out
    entry_points: tuple[EntryPoint, ...] = ()
    requires_python: str = ""
    licence: str = ""
    packaging: tuple[str, ...] = ()  # tools that the manifest itself names, such as its build backend


class BrokenManifest(Exception):
    """The text is not what the file's name promises; the message says where it departs."""


Reader = Callable[[str], Manifest]

_NOT_FOR_JSON = re.compile("[\0\ud800-\udfff]")


def plain(text: str) -> str:
    """Text of a manifest as strict JSON can carry it: an escape may have brought in a NUL or a lone surrogate."""
    return _NOT_FOR_JSON.sub("\ufffd", text)


def reader_for(path: str) -> Reader | None:
    """The function that reads the manifest *path*, or None if it is no manifest."""
    name = path.rpartition("/")[2]
    for pattern, reader in _READERS:
        if fnmatchcase(name, pattern) or ("/" in pattern and fnmatchcase("/" + path, "*" + pattern)):
            return reader
    return None


# ------------------------------------------------------------------------------------------------------------- Python

_REQUIREMENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_BACKENDS = {
    "hatchling": "Hatch",
    "setuptools": "setuptools",
    "poetry": "Poetry",
    "pdm": "PDM",
    "flit_core": "Flit",
    "flit": "Flit",
    "maturin": "maturin",
    "scikit_build_core": "scikit-build-core",
    "mesonpy": "meson-python",
    "uv_build": "uv",
}
_TOOLS = {"poetry": "Poetry", "pdm": "PDM", "hatch": "Hatch", "uv": "uv", "flit": "Flit", "pixi": "pixi", "rye": "Rye"}


def _python_name(requirement: Json) -> Iterator[str]:
    if isinstance(requirement, str) and (found := _REQUIREMENT.match(requirement.strip())):
        yield re.sub(r"[-_.]+", "-", found[0]).lower()


def _python_names(requirements: Json) -> Iterator[str]:
    for requirement in requirements if isinstance(requirements, list | tuple) else ():
        yield from _python_name(requirement)


def _pyproject(text: str) -> Manifest:
    data = _toml(text)
    project, tool = _table(data, "project"), _table(data, "tool")
    poetry, pdm = _table(tool, "poetry"), _table(tool, "pdm")
    names = list(_python_names(project.get("dependencies")))
    names += [name for key in _table(poetry, "dependencies") for name in _python_name(key)]
    extra: list[str] = []
    extras, groups = _table(project, "optional-dependencies"), _table(data, "dependency-groups")
    for group in (extras, groups, _table(pdm, "dev-dependencies")):
        for requirements in group.values():
            extra += _python_names(requirements)
    extra += [name for group in _poetry_groups(poetry) for key in group for name in _python_name(key)]
    extra += _python_names(_table(tool, "uv").get("dev-dependencies"))
    backend = str(_table(data, "build-system").get("build-backend", "")).partition(".")[0].partition(":")[0]
    # Poetry's own packages are called poetry.core; a tool's settings count only if they are more than one linter's.
    packaging = {_BACKENDS[backend]} if backend in _BACKENDS else set()
    packaging |= {title for name, title in _TOOLS.items() if name in tool}
    licence = project.get("license", poetry.get("license", ""))
    if isinstance(licence, dict):
        licence = licence.get("text", "")
    return Manifest(
        "pypi",
        frozenset(names) - {"python"},
        frozenset(extra),
        tuple(
            EntryPoint(kind, str(name), str(target))
            for kind, scripts in (
                ("console script", _table(project, "scripts")),
                ("console script", _table(poetry, "scripts")),
                ("window script", _table(project, "gui-scripts")),
            )
            for name, target in scripts.items()
        ),
        str(project.get("requires-python", "")) or str(_table(poetry, "dependencies").get("python", "")),
        str(licence).strip() if len(str(licence)) <= 60 else "",
        tuple(sorted(packaging)),
    )


def _poetry_groups(poetry: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    yield _table(poetry, "dev-dependencies")
    for group in _table(poetry, "group").values():
        yield _table(group, "dependencies")


def _requirements(text: str) -> Manifest:
    lines = (line.strip() for line in text.splitlines())
    wanted = (line.split(" #")[0] for line in lines if line and line[0] not in "#-")
    return Manifest("pypi", frozenset(name for line in wanted for name in _python_name(line)))


def _pipfile(text: str) -> Manifest:
    data = _toml(text)
    names, extra = (
        frozenset(name for key in _table(data, part) for name in _python_name(key))
        for part in ("packages", "dev-packages")
    )
    version = str(_table(data, "requires").get("python_version", ""))
    return Manifest("pypi", names, extra, requires_python=f"=={version}.*" if version else "")


def _setup_cfg(text: str) -> Manifest:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise BrokenManifest(" ".join(str(error).split())) from None

    def section(name: str) -> dict[str, str]:
        return dict(parser.items(name)) if parser.has_section(name) else {}

    options = section("options")
    extra = [options.get("tests_require", ""), *section("options.extras_require").values()]
    return Manifest(
        "pypi",
        frozenset(_listed_names([options.get("install_requires", "")])),
        frozenset(_listed_names(extra)),
        tuple(_console_scripts(section("options.entry_points").get("console_scripts", "").splitlines())),
        options.get("python_requires", ""),
        section("metadata").get("license", ""),
    )


def _listed_names(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        for line in value.splitlines():
            yield from _python_name(line)


def _console_scripts(lines: Iterable[Json]) -> Iterator[EntryPoint]:
    for line in lines:
        name, equals, target = str(line).partition("=")
        if equals:
            yield EntryPoint("console script", name.strip(), target.strip())


def _setup_py(text: str) -> Manifest:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise BrokenManifest(f"it is not Python: {error}") from None
    constants: dict[str, Json] = {}
    found: dict[str, Json] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            constants[statement.targets[0].id] = _literal(statement.value, constants)
        elif isinstance(statement, ast.Call) and ast.unparse(statement.func).rpartition(".")[2] == "setup":
            found = {k.arg: k.value for k in statement.keywords if k.arg}
    values = {name: _literal(value, constants) for name, value in found.items()}
    extras = values.get("extras_require")
    extra = [values.get("tests_require"), *(extras.values() if isinstance(extras, dict) else ())]
    points = values.get("entry_points")
    scripts = points.get("console_scripts") if isinstance(points, dict) else None
    return Manifest(
        "pypi",
        frozenset(_python_names(values.get("install_requires"))),
        frozenset(name for value in extra for name in _python_names(value)),
        tuple(_console_scripts(scripts if isinstance(scripts, list) else ())),
        _text(values.get("python_requires")),
        _text(values.get("license")),
    )


def _literal(node: ast.expr, constants: Mapping[str, Json]) -> Json:
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError):
        return None


# -------------------------------------------------------------------------------------------------- JavaScript and PHP


def _package_json(text: str) -> Manifest:
    data = _json(text)
    groups = ("dependencies", "peerDependencies", "optionalDependencies")
    names = frozenset(name.lower() for group in groups for name in _table(data, group))
    extra = frozenset(name.lower() for name in _table(data, "devDependencies"))
    # A bundled application names everything under devDependencies, because nothing of it is installed by others.
    names, extra = (names, extra) if names else (extra, names)
    binaries = data.get("bin")
    if isinstance(binaries, str):
        binaries = {str(data.get("name", "")).rpartition("/")[2]: binaries}
    points = [EntryPoint("program", name, _text(file)) for name, file in _table({"bin": binaries}, "bin").items()]
    if start := _table(data, "scripts").get("start"):
        points.append(EntryPoint("script", "start", str(start)[:200]))
    if main := data.get("main"):
        points.append(EntryPoint("library", _text(data.get("name")), _text(main)))
    manager = _text(data.get("packageManager")).partition("@")[0]
    title = {"npm": "npm", "yarn": "Yarn", "pnpm": "pnpm", "bun": "Bun"}.get(manager)
    return Manifest(
        "npm",
        names,
        extra,
        tuple(points),
        licence=_text(data.get("license")),
        packaging=(title,) if title else (),
    )


def _composer(text: str) -> Manifest:
    data = _json(text)
    names, extra = (frozenset(name.lower() for name in _table(data, group)) for group in ("require", "require-dev"))
    return Manifest("composer", names, extra, licence=_text(data.get("license")))


# ------------------------------------------------------------------------------------------------------ Go, Rust, JVM


def _go_mod(text: str) -> Manifest:
    names: list[str] = []
    is_inside = False
    for raw in text.splitlines():
        line, _, comment = raw.partition("//")
        words = line.split()
        if not words:
            continue
        if words[0] == "require" and words[1:] == ["("]:
            is_inside = True
        elif words == [")"]:
            is_inside = False
        elif (is_inside or words[0] == "require") and "indirect" not in comment:
            names.append(words[0 if is_inside else 1 if len(words) > 1 else 0].lower())
    if not re.search(r"(?m)^\s*module\s+\S", text):
        raise BrokenManifest("it names no module")
    return Manifest("go", frozenset(names))


def _cargo(text: str) -> Manifest:
    data = _toml(text)
    tables = [data, _table(data, "workspace"), *_table(data, "target").values()]
    names = [name.lower() for table in tables for name in _table(table, "dependencies")]
    extra = [
        name.lower()
        for table in tables
        for group in ("dev-dependencies", "build-dependencies")
        for name in _table(table, group)
    ]
    package = _table(data, "package")
    binaries = data.get("bin")
    points = [
        EntryPoint("program", _text(row.get("name")), _text(row.get("path")))
        for row in (binaries if isinstance(binaries, list) else ())
        if isinstance(row, dict)
    ]
    return Manifest("cargo", frozenset(names), frozenset(extra), tuple(points), licence=_text(package.get("license")))


def _pom(text: str) -> Manifest:
    names: list[str] = []
    parts: dict[str, str] = {}
    for path, _, content in _elements(text):
        if path[-1] in ("dependency", "parent", "plugin"):
            names.append(f"{parts.get('groupId', '')}:{parts.get('artifactId', '')}")
            parts = {}
        elif len(path) > 1 and path[-2] in ("dependency", "parent", "plugin"):
            parts[path[-1]] = content
    return Manifest("maven", frozenset(name.lower() for name in names))


_COORDINATE = re.compile(r"""["']([A-Za-z][\w.-]*:[\w.-]+)(?::[^"']*)?["']""")
_PLUGIN = re.compile(r"""\bid\s*\(?\s*["']([\w.-]+)["']""")
_JVM_COMMENT = re.compile(r"(?<!:)//[^\n]*|/\*.*?\*/", re.DOTALL)


def _gradle(text: str) -> Manifest:
    code = _JVM_COMMENT.sub("", text)
    return Manifest("maven", frozenset(name.lower() for name in _COORDINATE.findall(code) + _PLUGIN.findall(code)))


def _gradle_catalogue(text: str) -> Manifest:
    data = _toml(text)
    names: list[str] = []
    for row in _table(data, "libraries").values():
        if isinstance(row, str):
            names.append(":".join(row.split(":")[:2]))
        elif isinstance(row, dict):
            names.append(_text(row.get("module")) or f"{_text(row.get('group'))}:{_text(row.get('name'))}")
    for row in _table(data, "plugins").values():
        names.append(_text(row.get("id")) if isinstance(row, dict) else str(row).partition(":")[0])
    return Manifest("maven", frozenset(name.lower() for name in names if name))


# ----------------------------------------------------------------------------------- Ruby, Elixir, .NET, Dart, Procfile

_GEM = re.compile(r"""(?m)^\s*(?:gem|\w+\.add(?:_\w+)?_dependency)[\s(]+["']([\w.-]+)["']""")
_HEX = re.compile(r"""\{\s*:(\w+)\s*,""")


def _gemfile(text: str) -> Manifest:
    return Manifest("gem", frozenset(name.lower() for name in _GEM.findall(text)))


def _mix(text: str) -> Manifest:
    code = re.sub(r"(?m)#[^\n]*$", "", text)
    deps = re.search(r"defp?\s+deps\b.*?\[(.*?)\n\s*end\b", code, re.DOTALL)
    return Manifest("hex", frozenset(_HEX.findall(deps[1])) if deps else frozenset())


def _csproj(text: str) -> Manifest:
    names: list[str] = []
    for path, attributes, _ in _elements(text):
        if path[-1] in ("PackageReference", "FrameworkReference"):
            names.append(attributes.get("Include", ""))
        elif path[-1] in ("Project", "Sdk"):
            names += [attributes.get("Sdk", ""), attributes.get("Name", "")]
    return Manifest("nuget", frozenset(name.partition("/")[0].lower() for name in names if name))


def _pubspec(text: str) -> Manifest:
    block = re.search(r"(?ms)^dependencies:[^\n]*\n(.*?)(?=^\S|\Z)", text)
    return Manifest("pub", frozenset(re.findall(r"(?m)^\s{2}(\w+):", block[1])) if block else frozenset())


def _procfile(text: str) -> Manifest:
    lines = re.findall(r"(?m)^([A-Za-z0-9_-]+):[ \t]*(\S.*)$", text)
    points = (EntryPoint("process", name, what.strip()[:200]) for name, what in lines)
    return Manifest("procfile", entry_points=tuple(points))


# ------------------------------------------------------------------------------------------------------------- formats


def _toml(text: str) -> dict[str, Json]:
    import tomllib  # only projects that have such a file pay for it

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BrokenManifest(f"it is not TOML: {error}") from None


def _json(text: str) -> dict[str, Json]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenManifest(f"it is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BrokenManifest("its top is not an object")
    return data


def _elements(text: str) -> Iterator[tuple[tuple[str, ...], dict[str, str], str]]:
    try:
        yield from elements(text)
    except MarkupBroken as error:
        raise BrokenManifest(f"it is not XML: {error}") from None


def _table(data: Json, name: str) -> dict[str, Json]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


_READERS: tuple[tuple[str, Reader], ...] = (
    ("pyproject.toml", _pyproject),
    ("requirements*.txt", _requirements),
    ("requirements*.in", _requirements),
    ("*-requirements.txt", _requirements),
    ("/requirements/*.txt", _requirements),
    ("/requirements/*.in", _requirements),
    ("setup.cfg", _setup_cfg),
    ("setup.py", _setup_py),
    ("Pipfile", _pipfile),
    ("package.json", _package_json),
    ("composer.json", _composer),
    ("go.mod", _go_mod),
    ("Cargo.toml", _cargo),
    ("pom.xml", _pom),
    ("build.gradle", _gradle),
    ("build.gradle.kts", _gradle),
    ("libs.versions.toml", _gradle_catalogue),
    ("Gemfile", _gemfile),
    ("*.gemspec", _gemfile),
    ("mix.exs", _mix),
    ("*.csproj", _csproj),
    ("*.fsproj", _csproj),
    ("pubspec.yaml", _pubspec),
    ("Procfile", _procfile),
)
