"""The agents of a project: read from the files of one folder, without running any of them."""

import os.path
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from fairlead.agents.cards import BadCard, ReadYaml
from fairlead.agents.files.naming import NAME, slug, stem
from fairlead.agents.files.opening import Opened, open_card
from fairlead.agents.files.places import Whose
from fairlead.agents.files.taking import Taken, take_card
from fairlead.agents.files.values import limits_of
from fairlead.agents.own.reading import Decorated, Module, closure, problems_of
from fairlead.core.agent_format import PERFORMED
from fairlead.core.json import Digest, Json, NotStrict, digest, parse
from fairlead.core.output_contracts import CONTRACTS
from fairlead.core.ports import AgentCard
from fairlead.core.tools import ToolCode

_LEVEL = "runs at level L2: it reads the tree, sees an allow list of the system, and has no network"


class AgentFile(NamedTuple):
    """One file of a folder of agents."""

    path: str  # from the root of the project; `~/…` for one of the person, `PACKAGE:…` for one of a package
    data: bytes
    problem: str = ""  # why it could not be read; then there is no data
    full: str = ""  # where it lies, when that is not below the root of the project
    whose: Whose = "project"
    suffix: str = ".md"  # what the name of an agent's file ends with in its folder
    is_ours: bool | None = None  # whether it lies in a folder that is for agents of Fairlead; None: its path says so


class Definition(msgspec.Struct):
    """An agent of a project, as far as it is known without running it."""

    card: AgentCard
    file: AgentFile
    problems: list[BadCard] = []
    warnings: list[BadCard] = []  # what does not keep it from working
    settings: Mapping[str, Json] = {}  # those under `fairlead:`
    mended: bytes = b""  # its file as it should be; nothing when it needs no mending
    beside: list[str] = []  # the files that its digest names
    code: ToolCode | None = None  # of adapter `tool`
    argv: tuple[str, ...] = ()  # of adapter `command`; words that name files beside the card are from the root
    own_files: tuple[str, ...] = ()  # those words
    passed_on: tuple[str, ...] = ()
    gives: str = ""
    is_complete: bool = True  # otherwise the code has to be looked at in a child process
    hides: bool = True  # whether an agent of the same name that comes later is hidden

    def settle(self) -> None:
        """Say in the card why it cannot be used, and what else is wrong."""
        if self.problems or self.warnings:
            problem = str(self.problems[0]) if self.problems else ""
            said = tuple(map(str, self.warnings))
            self.card = msgspec.structs.replace(self.card, problem=problem, warnings=said)


def empty_card(name: str, source: str, digest_of: Digest, problem: str = "") -> AgentCard:
    """The card of a file that says nothing that could be used."""
    return AgentCard(
        name=name,
        title=name,
        description="",
        adapter="",
        entry="",
        version="",
        digest=digest_of,
        input_schema={},
        output_schema={},
        source=source,
        problem=problem,
    )


def digest_of_files(parts: Sequence[tuple[str, bytes]]) -> Digest:
    """Names files together: their paths and their content."""
    flat = [piece for path, data in parts for piece in (path.encode("utf-8", "surrogateescape"), data)]
    return digest(b"".join(len(piece).to_bytes(8, "big") + piece for piece in flat))


def read_folder(files: Sequence[AgentFile], read_yaml: ReadYaml) -> list[Definition]:
    """Every agent that the files of one folder define, in the order of their names. One that is broken says why."""
    return _Folder(files, read_yaml).read()


def _lies_in_ours(file: AgentFile) -> bool:
    return file.path.startswith(".fairlead/agents/") if file.is_ours is None else file.is_ours


class _Folder:
    def __init__(self, files: Sequence[AgentFile], read_yaml: ReadYaml) -> None:
        self.files = files
        self.read_yaml = read_yaml
        self.folder = os.path.dirname(files[0].path) if files else ""
        # Whoever writes into our own folder means one of ours; elsewhere most files are for other programs, and a
        # Python file is an agent only when a card names it.
        self.is_ours = bool(files) and _lies_in_ours(files[0])
        self.hides = self.is_ours and files[0].whose == "project"  # also what this build cannot perform
        self.by_path = {file.path: file for file in files}
        self.modules: dict[str, Module] = {}  # module name → parsed file
        self.broken: dict[str, BadCard] = {}  # path → why it could not be parsed
        for file in files:
            if file.path.endswith(".py"):
                self._parse(file)
        self.wanted: set[str] = set()  # paths of Python files that a card names

    def _parse(self, file: AgentFile) -> None:
        try:
            if file.problem:
                raise BadCard("FL-A018", file.problem)
            self.modules[_stem(file.path)] = Module(file.path, file.data)
        except BadCard as bad:
            self.broken[file.path] = bad

    def read(self) -> list[Definition]:
        found = [self._card(file) for file in self.files if file.path.lower().endswith(file.suffix)]
        if self.is_ours:
            found += [one for file in self.files if file.path.endswith(".py") and (one := self._python(file))]
        for one in found:
            one.settle()
        return sorted(found, key=lambda one: one.file.path)

    # ------------------------------------------------------------------------------------------------- a card

    def _card(self, file: AgentFile) -> Definition:
        try:
            if file.problem:
                raise BadCard("FL-A018", file.problem)
            opened = open_card(file.data, self.read_yaml)
        except BadCard as bad:
            name = slug(stem(file.path)) or "unnamed"
            return Definition(empty_card(name, file.path, digest(file.data)), file, [bad], hides=self.hides)
        taken = take_card(opened.front, file.path, is_installed=file.whose == "package")
        found = self._taken(file, opened, taken)
        if taken.schema_file:
            self._take_schema(found, taken.schema_file)
        return found

    def _taken(self, file: AgentFile, opened: Opened, taken: Taken) -> Definition:
        hint = f"fairlead agents check {taken.card.name} --fix" if opened.mended else "mend it by hand"
        recovered = [BadCard("FL-A004", note.text, line=note.line, hint=hint) for note in opened.notes]
        is_performed = taken.card.adapter in PERFORMED
        found = Definition(
            msgspec.structs.replace(taken.card, notes=(_LEVEL,) if is_performed else ()),
            file,
            list(taken.problems),
            [*recovered, *taken.warnings],
            settings=opened.front.settings,
            mended=opened.mended,
            passed_on=taken.passed_on,
            gives=taken.card.contract if taken.card.contract in CONTRACTS else "",
            # What this build cannot perform takes the place of nothing that it can, unless it was written for us.
            hides=is_performed or self.hides,
        )
        if not is_performed:
            self._name(found, [file.path])
            return found
        if self.is_ours:
            found.problems += _name_problems(found.card.name, file.path, "name")
        if taken.file:
            self._take_code(found, taken)
        elif found.card.adapter == "command":
            self._take_command(found, taken)
        else:
            found.is_complete = True
            self._name(found, [file.path])
        return found

    def _take_schema(self, found: Definition, name: str) -> None:
        """The schema of what it gives, from the file beside it."""
        path = f"{self.folder}/{name}"
        try:
            file = self.by_path.get(path)
            if file is None or file.problem:
                raise BadCard("FL-A042", file.problem if file else f"there is no {name} beside the file")
            schema = parse(file.data)
            if not isinstance(schema, dict):
                raise BadCard("FL-A042", f"{name} holds no JSON object")
        except (BadCard, NotStrict) as error:
            said = error.reason if isinstance(error, BadCard) else f"{name} is no strict JSON: {error}"
            found.problems.append(BadCard("FL-A042", said, key="fairlead.output"))
            return
        if not found.settings.get("output_schema"):
            found.card = msgspec.structs.replace(found.card, output_schema=schema)
        found.beside.append(path)
        self._name(found, found.beside)

    def _take_code(self, found: Definition, own: Taken) -> None:
        path = f"{self.folder}/{own.file}"
        self.wanted.add(path)
        module = self.modules.get(_stem(path))
        found.card = msgspec.structs.replace(found.card, entry=f"{path}:{own.function}")
        if module is None:
            bad = self.broken.get(path)
            said = f"there is no {own.file} beside the card" if bad is None else f"{path}: {bad.reason}"
            code, line = ("FL-A007", 0) if bad is None else (bad.code, bad.line)
            found.problems.append(BadCard(code, said, key="fairlead.python", line=line, path=path if bad else ""))
        elif module.function(own.function) is None:
            names = module.top_names()
            hint = f"there are: {', '.join(names[:8])}" if names else "the file has no functions"
            said = f"there is no function `{own.function}` in {path}"
            found.problems.append(BadCard("FL-A011", said, key="fairlead.python", hint=hint))
        paths = self._closure(path)
        found.code = self._code(found.card.name, path, own.function, paths, found.card.reads)
        found.is_complete = bool(found.card.input_schema and found.card.output_schema)
        self._name(found, [found.file.path, *paths])

    def _take_command(self, found: Definition, own: Taken) -> None:
        words, files = [], []
        for word in own.argv:
            beside = f"{self.folder}/{word.removeprefix('./')}"
            is_file = beside in self.by_path
            words.append(beside if is_file else word)
            files += [beside] if is_file else []
        found.argv = tuple(words)
        found.own_files = tuple(files)
        schema = found.card.output_schema
        if not schema:
            schema = CONTRACTS.get(own.card.contract, {"type": "object"})
        entry = " ".join(own.argv)
        found.card = msgspec.structs.replace(found.card, entry=entry, output_schema=schema)
        found.problems += [
            BadCard("FL-A018", f"{path}: {self.by_path[path].problem}", key="fairlead.command")
            for path in files
            if self.by_path[path].problem
        ]
        self._name(found, [found.file.path, *files])

    # ------------------------------------------------------------------------------------- a decorated function

    def _python(self, file: AgentFile) -> Definition | None:
        name = slug(_stem(file.path))
        found = Definition(empty_card(name, file.path, digest(file.data)), file)
        found.card = msgspec.structs.replace(found.card, adapter="tool", notes=(_LEVEL,))
        if file.path in self.wanted:
            return None  # a card speaks for it
        if file.path in self.broken:
            found.problems.append(self.broken[file.path])
            return found
        module = self.modules[_stem(file.path)]
        if not module.decorated:
            if _stem(file.path).startswith("_") or self._is_imported(file.path):
                return None  # what agents share
            hint = "write `from fairlead import agent` and `@agent(name=…)` above the function"
            said = "no function stands under `@agent`, and no agent beside imports the file"
            found.problems.append(BadCard("FL-A011", said, line=1, hint=hint))
            return found
        one = module.decorated[0]
        if len(module.decorated) > 1:
            second = module.decorated[1]
            said = f"two functions stand under `@agent`: `{one.function}` and `{second.function}`"
            found.problems.append(BadCard("FL-A011", said, line=second.place.line, hint="give each a file of its own"))
        found.problems += problems_of(one)
        self._take_decorated(found, one)
        return found

    def _take_decorated(self, found: Definition, one: Decorated) -> None:
        path = found.file.path
        given = {} if found.problems else one.given
        name = given.get("name", found.card.name)
        place = one.places.get("name", one.place)
        found.problems += _name_problems(name, path, "", place.line, place.column)
        timeout_s, memory_max = found.card.timeout_s, found.card.memory_max
        try:
            timeout_s, memory_max = limits_of(given.get("timeout", ""), given.get("memory", ""))
        except BadCard as bad:
            at = one.places.get("memory" if "memory" in bad.reason else "timeout", one.place)
            said = bad.reason.replace("limits.", "")
            found.problems.append(BadCard("FL-A013", said, line=at.line, column=at.column))
        notes: tuple[str, ...] = (
            _LEVEL,
            "what it takes and gives is read from its types when it is shown, checked or called",
        )
        if one.hidden:
            notes = (*notes, f"{', '.join(one.hidden)}: worked out when the file runs")
        writes = tuple(given.get("writes", ()))
        found.card = msgspec.structs.replace(
            found.card,
            title=given.get("title", "") or found.card.name,
            description=one.description,
            entry=f"{path}:{one.function}",
            version=given.get("version", "1"),
            reads=tuple(given.get("reads", ("**",))),
            writes=writes,
            risk="medium" if writes else "low",
            is_deterministic=given.get("deterministic", False),
            timeout_s=timeout_s,
            memory_max=memory_max,
            tags=tuple(given.get("tags", ())),
            notes=notes,
        )
        paths = self._closure(path)
        found.code = self._code(found.card.name, path, one.function, paths, ())
        found.is_complete = False
        self._name(found, paths)

    # ---------------------------------------------------------------------------------------------- the files

    def _is_imported(self, path: str) -> bool:
        name = _stem(path)
        return any(name in module.imports for module in self.modules.values() if module.path != path)

    def _closure(self, path: str) -> tuple[str, ...]:
        return tuple(name for name in closure(path, self.modules) if name in self.by_path)

    def _code(self, name: str, path: str, function: str, paths: Sequence[str], reads: Sequence[str]) -> ToolCode:
        texts = {module.path: module.text for module in self.modules.values()}
        return ToolCode(name, path, function, {one: texts[one] for one in paths if one in texts}, tuple(reads))

    def _name(self, found: Definition, paths: Sequence[str]) -> None:
        """Give the digest: of the card and everything behind it."""
        found.beside = sorted(set(paths))
        named = digest_of_files([(path, self.by_path[path].data) for path in found.beside])
        found.card = msgspec.structs.replace(found.card, digest=named)


def shadowed_imports(code: ToolCode) -> list[BadCard]:
    """Modules beside an agent that can never be imported, because Python's own come first."""
    return [
        BadCard(
            "FL-A019", f"{path} is never imported: Python has a module `{_stem(path)}` of its own", path=path, line=1
        )
        for path in code.files
        if path != code.path and _stem(path) in sys.stdlib_module_names | {"fairlead", "msgspec"}
    ]


def complete(found: Definition, described: Mapping[str, Json]) -> None:
    """Take what a child process read from the code itself."""
    card = found.card
    schemas = {
        "input_schema": card.input_schema or described["input_schema"],
        "output_schema": card.output_schema or described["output_schema"],
    }
    if not found.file.path.endswith(".py"):
        found.card = msgspec.structs.replace(card, **schemas)
    else:
        try:
            timeout_s, memory_max = limits_of(described["timeout"], described["memory"])
        except BadCard as bad:
            found.problems.append(BadCard("FL-A013", bad.reason.replace("limits.", "")))
            timeout_s, memory_max = card.timeout_s, card.memory_max
        found.problems += _name_problems(described["name"], found.file.path, "")
        found.card = msgspec.structs.replace(
            card,
            title=described["title"] or card.name,
            version=described["version"],
            reads=tuple(described["reads"]),
            writes=tuple(described["writes"]),
            risk="medium" if described["writes"] else "low",
            is_deterministic=described["deterministic"],
            timeout_s=timeout_s,
            memory_max=memory_max,
            tags=tuple(described["tags"]),
            notes=(_LEVEL,),
            **schemas,
        )
    found.is_complete = True
    found.settle()


def _name_problems(name: Json, path: str, key: str, line: int = 0, column: int = 0) -> list[BadCard]:
    said = ""
    if not isinstance(name, str) or not NAME.fullmatch(name) or slug(name) != name:
        shown = str(name)[:40]
        said = f"`{shown}` cannot be an agent's name: small letters, digits and `-`, at most 63"
        hint = f"call it `{slug(str(name))}`" if slug(str(name)) else "give it a name"
    elif slug(stem(path)) != name:
        said = f"the agent is called `{name}`, its file {os.path.basename(path)}"
        hint = f"rename the file to {name}{os.path.splitext(path)[1]}, or the agent"
    return [BadCard("FL-A014", said, key=key, line=line, column=column, hint=hint)] if said else []


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]
