"""What manifests and metadata say of the licence of the package that they describe."""

import ast
import json
import tomllib
from collections.abc import Callable
from typing import NamedTuple

from fairlead.agents.builtin import licence_texts
from fairlead.agents.builtin.compliance_checker.expressions import known_name
from fairlead.agents.builtin.compliance_checker.tree import TextFile
from fairlead.core.json import Json

_TEXT_MIN = 100  # characters; from here on a value is the text of a licence rather than a name


class Broken(Exception):
    """The file is not what its name promises; the text says where it departs."""


class Declared(NamedTuple):
    """What one file says. `licence` is "" when it says nothing, and `is_elsewhere` when it points to another file."""

    package: str
    licence: str
    line: int
    is_elsewhere: bool = False
    has_dependencies: bool = False


def reader_for(path: str) -> Callable[[TextFile], Declared] | None:
    """The function that reads the manifest *path*, or None if it is no manifest that states licences."""
    return _READERS.get(path.rpartition("/")[2])


def parsed_json(file: TextFile) -> Json:
    """The content of a JSON file.

    Raises:
        Broken: it is none.
    """
    try:
        return json.loads(file.text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"is not valid JSON: {error}") from None


def _parsed_toml(file: TextFile) -> dict[str, Json]:
    """The content of a TOML file.

    Raises:
        Broken: it is none.
    """
    try:
        return tomllib.loads(file.text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"is not valid TOML: {error}") from None


def table(owner: Json, *names: str) -> dict[str, Json]:
    """The table below *names*, or an empty one."""
    for name in names:
        owner = owner.get(name) if isinstance(owner, dict) else None
    return owner if isinstance(owner, dict) else {}


def _from_pyproject(file: TextFile) -> Declared:
    data = _parsed_toml(file)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    dependencies = bool(project.get("dependencies")) or bool(table(poetry, "dependencies").keys() - {"python"})
    package = _word(project.get("name") or poetry.get("name"))
    line = file.line_of(r"^\s*license\s*=") or file.line_of(r"^\s*\[project\.license\]")
    licence = project.get("license", poetry.get("license"))
    if isinstance(licence, dict):
        if "file" in licence:
            return Declared(package, "", line, is_elsewhere=True, has_dependencies=dependencies)
        licence = licence.get("text")
    if not licence:
        licence = _of_classifiers(project.get("classifiers") or poetry.get("classifiers"))
        line = file.line_of(r"License ::") if licence else 0
    return Declared(package, _name_or_text(licence), line, has_dependencies=dependencies)


def _from_setup_cfg(file: TextFile) -> Declared:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(file.text)
    except configparser.Error as error:
        raise Broken(f"is not valid: {error}") from None
    metadata = dict(parser.items("metadata")) if parser.has_section("metadata") else {}
    options = dict(parser.items("options")) if parser.has_section("options") else {}
    licence = metadata.get("license", "") or _of_classifiers(metadata.get("classifiers", "").splitlines())
    line = file.line_of(r"^license\s*=") or file.line_of(r"License ::")
    dependencies = bool(options.get("install_requires", "").strip())
    return Declared(_word(metadata.get("name")), _name_or_text(licence), line, has_dependencies=dependencies)


def _from_setup_py(file: TextFile) -> Declared:
    try:
        tree = ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Broken(f"is not valid Python: {error}") from None
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "setup":
            words = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
            licence, node = _constant(words.get("license")), words.get("license")
            classifiers = words.get("classifiers")
            if not licence and isinstance(classifiers, ast.List):
                node = classifiers
                licence = _of_classifiers([_constant(item) for item in classifiers.elts])
            line = node.lineno if node is not None else 0
            return Declared(
                _constant(words.get("name")), _name_or_text(licence), line, has_dependencies="install_requires" in words
            )
    return Declared("", "", 0)


def _from_package_json(file: TextFile) -> Declared:
    data = parsed_json(file)
    if not isinstance(data, dict):
        raise Broken("is JSON, but no object")
    licence = npm_licence(data)
    line = file.line_of(r'"licen[sc]es?"\s*:')
    dependencies = any(table(data, key) for key in ("dependencies", "devDependencies", "optionalDependencies"))
    # npm's own word for "nobody else may use it": an honest statement about one's own package.
    is_elsewhere = licence.upper().startswith(("SEE LICENSE IN", "UNLICENSED"))
    return Declared(_word(data.get("name")), licence, line, is_elsewhere, dependencies)


def npm_licence(data: dict[str, Json]) -> str:
    """The licence of a package of npm: an expression, or one of two forms that old packages have."""
    licence = data.get("license", data.get("licenses", ""))
    if isinstance(licence, dict):
        licence = licence.get("type") or licence.get("name") or ""
    if isinstance(licence, list):
        names = [one.get("type", "") if isinstance(one, dict) else one for one in licence]
        licence = " OR ".join(str(name) for name in names if name)
    return licence.strip() if isinstance(licence, str) else ""


def _from_cargo(file: TextFile) -> Declared:
    data = _parsed_toml(file)
    package = table(data, "package") or table(data, "workspace", "package")
    licence = package.get("license", "")
    line = file.line_of(r"^\s*license(-file|\.workspace)?\s*=")
    is_elsewhere = "license-file" in package or isinstance(licence, dict)
    # Older crates write `MIT/Apache-2.0` and mean that one may choose.
    text = licence.replace("/", " OR ") if isinstance(licence, str) else ""
    return Declared(_word(package.get("name")), text, line, is_elsewhere, bool(table(data, "dependencies")))


def _from_composer(file: TextFile) -> Declared:
    data = parsed_json(file)
    if not isinstance(data, dict):
        raise Broken("is JSON, but no object")
    line = file.line_of(r'"license"\s*:')
    needs = any(name != "php" and not name.startswith("ext-") for name in table(data, "require"))
    return Declared(_word(data.get("name")), composer_licence(data), line, has_dependencies=needs)


def composer_licence(data: dict[str, Json]) -> str:
    """The licence of a package of Composer; of a list one may choose."""
    licence = data.get("license", "")
    if isinstance(licence, list):
        licence = " OR ".join(f"({one})" if " " in str(one) else str(one) for one in licence)
    if not isinstance(licence, str):
        return ""
    return "UNLICENSED" if licence == "proprietary" else licence


_READERS: dict[str, Callable[[TextFile], Declared]] = {
    "pyproject.toml": _from_pyproject,
    "setup.cfg": _from_setup_cfg,
    "setup.py": _from_setup_py,
    "package.json": _from_package_json,
    "Cargo.toml": _from_cargo,
    "composer.json": _from_composer,
}


def from_metadata(file: TextFile) -> Declared:
    """A wheel's METADATA: the expression, else the classifiers, else the free text."""
    fields: dict[str, list[tuple[str, int]]] = {}
    for number, line in enumerate(file.lines, 1):
        if not line:
            break  # the description follows
        name, colon, value = line.partition(": ")
        if colon and not line[0].isspace():
            fields.setdefault(name, []).append((value.strip(), number))
    if "Name" not in fields:
        raise Broken("is no package metadata: it names no package")
    package = fields["Name"][0][0]
    if expression := fields.get("License-Expression"):
        return Declared(package, *expression[0])
    classifiers = fields.get("Classifier", [])
    free = fields.get("License", [("", 0)])[0]
    if licence := _of_classifiers([name for name, _ in classifiers]):
        return Declared(package, licence, next(number for name, number in classifiers if name.startswith("License ::")))
    return Declared(package, "" if free[0] == "UNKNOWN" else _name_or_text(free[0]), free[1])


def _of_classifiers(values: Json) -> str:
    """What classifiers say of a licence. Several of them all hold, as far as anybody can tell."""
    texts = [value.strip() for value in values if isinstance(value, str)] if isinstance(values, list) else []
    says_nothing = ("License :: OSI Approved", "License :: Other/Proprietary License")
    return " AND ".join(
        known_name(text) for text in texts if text.startswith("License ::") and text not in says_nothing
    )


def _name_or_text(value: Json) -> str:
    """A licence's name; the text of a licence is recognised."""
    text = value.strip() if isinstance(value, str) else ""
    if len(text) < _TEXT_MIN and "\n" not in text:
        return text
    name = licence_texts.recognise(text)
    return text.splitlines()[0][:60] if name == "unknown" else name


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _word(value: Json) -> str:
    return value if isinstance(value, str) else ""
