"""Who may import whom. The table is the whole rule: a direction that is not in it does not exist."""

import sys
from pathlib import Path

from tests.house.source import PACKAGE, Import, SourceFile, plant, source_files

ANYTHING = frozenset({"*"})
DOOR = frozenset({"service", "app"})  # app at start-up only: it is where the parts are joined

# Room → the rooms it may import, apart from itself.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "core": frozenset(),
    "env": frozenset({"core"}),
    "workflow": frozenset({"core"}),
    "journal": frozenset({"core"}),
    "gate": frozenset({"core", "journal"}),
    "agents": frozenset({"core"}),
    "runtime": frozenset({"core", "journal", "gate"}),
    "views": frozenset({"core", "journal"}),
    "service": frozenset({"core", "workflow", "journal", "views"}),
    "cli": DOOR,
    "server": DOOR,
    "mcp": DOOR,
    "client": DOOR,
    "app": ANYTHING,
    "app_agents": ANYTHING,  # a part of app
    "app_advisories": ANYTHING,  # as above
    "app_building": ANYTHING,  # as above
    "app_certifying": ANYTHING,  # as above
    "app_proving": ANYTHING,  # as above
    "testing": ANYTHING,
    "__main__": frozenset({"app"}),
    "__init__": frozenset(),
}

# Libraries that every room may import at the top of a file.
LIGHT = frozenset({"msgspec"})

# Library → the rooms that may import it. Everything that is not here may be imported nowhere.
LIBRARIES: dict[str, frozenset[str]] = {
    "apsw": frozenset({"journal"}),
    "license_expression": frozenset({"agents"}),
    "packaging": frozenset({"agents"}),
    "yaml": frozenset({"workflow", "agents"}),
    "tree_sitter": frozenset({"agents"}),
    "tree_sitter_javascript": frozenset({"agents"}),
    "tree_sitter_typescript": frozenset({"agents"}),
    "jsonschema_rs": frozenset({"gate", "workflow"}),
}

# (file, library): imported at the top all the same, because the file itself is imported only when it is used.
AT_THE_TOP: frozenset[tuple[str, str]] = frozenset(
    {("src/fairlead/agents/builtin/security/yaml_nodes.py", "yaml")}  # in the child process that scans
)

# File → why it may import a module by a name that is made at run time.
DYNAMIC: dict[str, str] = {
    "src/fairlead/core/codes/__init__.py": "one module per family of codes, read only by `explain` and the tests",
    "src/fairlead/testing/proving/__init__.py": "one module per proof, loaded when it is performed",
    "src/fairlead/env/tool_child.py": "the tool's function, found by the entry point that its card names",
    "src/fairlead/agents/builtin/security/scan.py": "one module per language; a missing one degrades",
}


def wrong_imports(root: Path) -> list[str]:
    """Every import under *root* that the tables do not allow."""
    return [line for file in source_files(root) for line in _wrong_in(file)]


def _wrong_in(file: SourceFile) -> list[str]:
    wrong = [f"{file.at(found.line)}: {why}" for found in file.imports if (why := _why_wrong(file, found))]
    if file.room not in MAY_IMPORT:
        wrong.append(f"{file.at(1)}: the room {file.room} is not in the table")
    if file.path not in DYNAMIC:
        wrong += [
            f"{file.at(use.line)}: {use.name} outside the files listed in DYNAMIC"
            for use in file.references
            if use.name in ("importlib.import_module", "__import__", "builtins.__import__")
        ]
    return sorted(set(wrong))


def _why_wrong(file: SourceFile, found: Import) -> str:
    top = found.name.split(".")[0]
    if top == PACKAGE:
        return _why_wrong_room(file, found)
    if top in sys.stdlib_module_names or top in LIGHT:
        return ""
    if file.room == "core":
        return f"core may import the standard library and msgspec only, not {top}"
    if file.room in ("app", "testing"):
        return ""
    if file.room not in LIBRARIES.get(top, frozenset()):
        return f"{top} may not be imported in {file.room}"
    if not found.inside and file.room != "journal" and (file.path, top) not in AT_THE_TOP:
        return f"{top} is imported at the top of the file; import it in the function that uses it"
    return ""


def _why_wrong_room(file: SourceFile, found: Import) -> str:
    parts = found.name.split(".")
    if len(parts) == 1 or parts[1].startswith("__"):
        return ""  # `fairlead` itself and its __version__
    allowed = MAY_IMPORT.get(file.room, frozenset())
    target = parts[1]
    if target == file.room or target in allowed or "*" in allowed:
        return ""
    if target not in MAY_IMPORT:
        return f"{found.name} is a lazy public name: import it from the room where it lives"
    if file.room == "__init__" and found.inside:
        return ""  # the lazy public names
    return f"{file.room} may not import {target}"


def test_every_import_follows_the_table_of_rooms(project: Path) -> None:
    found = wrong_imports(project)
    assert not found, "\n".join(found)


def test_a_wrong_direction_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/core/json.py", "from fairlead.journal import store\n")
    plant(tmp_path, "src/fairlead/core/digest.py", "def f() -> None:\n    from ..env import clock\n")
    plant(tmp_path, "src/fairlead/views/runs.py", "from fairlead.core import json\nfrom fairlead import service\n")
    plant(tmp_path, "src/fairlead/cellar/wine.py", "")
    assert wrong_imports(tmp_path) == [
        "src/fairlead/cellar/wine.py:1: the room cellar is not in the table",
        "src/fairlead/core/digest.py:2: core may not import env",
        "src/fairlead/core/json.py:1: core may not import journal",
        "src/fairlead/views/runs.py:2: views may not import service",
    ]


def test_a_library_in_the_wrong_room_or_at_the_top_of_a_file_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/core/json.py", "import msgspec\nimport json\nimport apsw\n")
    plant(tmp_path, "src/fairlead/cli/screen.py", "import yaml\n")
    plant(tmp_path, "src/fairlead/gate/checks.py", "import jsonschema_rs\n")
    plant(tmp_path, "src/fairlead/gate/later.py", "def f() -> None:\n    import jsonschema_rs\n")
    assert wrong_imports(tmp_path) == [
        "src/fairlead/cli/screen.py:1: yaml may not be imported in cli",
        "src/fairlead/core/json.py:3: core may import the standard library and msgspec only, not apsw",
        "src/fairlead/gate/checks.py:1: jsonschema_rs is imported at the top of the file;"
        " import it in the function that uses it",
    ]


def test_an_import_by_a_made_up_name_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/gate/door.py", "from importlib import import_module as load\nload('x')\n")
    assert "src/fairlead/gate/door.py:2: importlib.import_module outside the files listed in DYNAMIC" in wrong_imports(
        tmp_path
    )


def test_every_exception_in_the_tables_is_still_needed(project: Path) -> None:
    files = {file.path: file for file in source_files(project)}
    assert [path for path in DYNAMIC if not any("import_module" in use.name for use in files[path].references)] == []
    imported = {
        (file.path, found.name.split(".")[0]) for file in files.values() for found in file.imports if not found.inside
    }
    assert AT_THE_TOP - imported == frozenset()
