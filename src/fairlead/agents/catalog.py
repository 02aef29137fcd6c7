"""Which agents there are: the agent files of the project, and the cards that ship. No agent's code is imported here."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from fairlead.agents.cards import BadCard, FrontMatter, ReadYaml, split_card
from fairlead.agents.files.taking import card_of
from fairlead.agents.own.definitions import (
    AgentFile,
    Definition,
    complete,
    digest_of_files,
    empty_card,
    read_folder,
)
from fairlead.core.json import Digest, Json, digest
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import AgentCard
from fairlead.core.tools import ToolCode

# Path and content, folder by folder; those that win first.
AgentFiles = Callable[[], Iterable[AgentFile | tuple[str, bytes]]]

_BUILTIN = Path(__file__).parent / "builtin"
_PARTS = attrgetter("parts")  # the order of paths, without asking for it at each comparison
# Nothing in front of the name: a pattern that begins with fixed letters is found ten times as fast.
_PACKAGE = re.compile(rb"fairlead\.agents\.builtin\.([a-z]\w*)")


def _cannot_describe(code: ToolCode, digest: Digest) -> Outcome:
    return Succeeded({"input_schema": {}, "output_schema": {}})


class Looking(NamedTuple):
    """How what stands in no text is learnt; joined in `fairlead.app`."""

    # Imports the code in a child process, and tells what it says of itself.
    describe: Callable[[ToolCode, Digest], Outcome] = _cannot_describe
    # What an earlier look told of the code of this digest; None when there was none.
    described: Callable[[Digest], Mapping[str, Json] | None] = lambda digest: None
    # Why something is no schema that may be used; "" when it is one.
    schema_problem: Callable[[Json], str] = lambda schema: ""


class FileCatalog:
    """Implements `fairlead.core.ports.Catalog` over files.

    Every agent file is an entry, also one that cannot be used: its `problem` says why. The first of a name wins, and
    the project's files come before those that ship; but a file for another program, whose agent this build cannot
    perform, hides nothing that it can.
    """

    def __init__(
        self,
        read_yaml: ReadYaml,
        project_files: AgentFiles = tuple,
        builtin: Path = _BUILTIN,
        looking: Looking = Looking(),  # noqa: B008  (a tuple: it cannot change)
    ) -> None:
        """*read_yaml* reads front matter; *builtin* is the folder that holds `cards` and the modules behind them."""
        self._read_yaml = read_yaml
        self._project_files = project_files
        self._looking = looking
        self._ships = _ships_with_us(read_yaml) if builtin == _BUILTIN else _Shipped(builtin, read_yaml)
        self._own: tuple[Definition, ...] | None = None
        self._first: dict[str, Definition] = {}  # name → what a call of it reaches, unless one that ships is meant
        self.files: tuple[AgentFile, ...] = ()  # of the project, once `definitions` has read them

    def find(self, name: str) -> AgentCard | None:
        """The agent of this name, with everything that it takes and gives: its code may be looked at for that."""
        own = self.find_own(name)
        return self.shipped(name) if own is None else own.card

    def find_own(self, name: str) -> Definition | None:
        """The agent file that a call of *name* reaches; None when it reaches one that ships, or nothing."""
        own = self._own_named(name)
        if own is None or (not own.hides and self.is_shipped(name)):
            return None
        self._complete(own)
        return own

    def find_exactly(self, name: str, named: Digest) -> Definition | None:
        """The agent file *name* whose digest is *named*, whatever else has its name."""
        found = next((one for one in self.definitions() if one.card.name == name and one.card.digest == named), None)
        if found is not None:
            self._complete(found)
        return found

    def known(self, name: str) -> AgentCard | None:
        """The agent of this name as far as its file says; no code is looked at."""
        own = self._own_named(name)
        return own.card if own is not None and (own.hides or not self.is_shipped(name)) else self.shipped(name)

    def names(self) -> list[str]:
        """The names of all agents, each once."""
        self.definitions()
        return sorted({*self._first, *self.shipped_names()})

    def shipped(self, name: str) -> AgentCard | None:
        """The agent of this name that ships. Reads one card, and no file of the project."""
        return self._ships.card(name)

    def shipped_names(self) -> list[str]:
        """The names of all agents that ship."""
        return self._ships.names

    def cards(self) -> Sequence[AgentCard]:
        """Every entry: those that ship, then the project's, each by name. Names may repeat; `find` gives the first."""
        shipped = []
        for name in self.shipped_names():
            card = self.shipped(name)
            own = self._own_named(name)
            if card is not None and own is not None and own.hides:
                hidden = f"hidden by {own.file.path}; `fairlead review` goes on calling this one"
                card = msgspec.structs.replace(card, shadowed=(hidden,))
            shipped += [card] if card is not None else []
        own_cards = [self._listed(one) for one in self.definitions()]
        return (*shipped, *sorted(own_cards, key=lambda card: (card.name, card.source)))

    def definitions(self) -> tuple[Definition, ...]:
        """The project's agents as their files are read, without running any of them; those that win first."""
        if self._own is None:
            found: list[Definition] = []
            self.files = tuple(AgentFile(*file) for file in self._project_files())
            for _, files in groupby(self.files, key=lambda file: file.path.rpartition("/")[0]):
                found += read_folder(list(files), self._read_yaml)
            self._note_hidden(found)
            self._own = tuple(found)
        return self._own

    def complete(self, own: Definition) -> None:
        """Learn what only the code itself can say, unless that is known or the file cannot be used."""
        self._complete(own)

    def _own_named(self, name: str) -> Definition | None:
        self.definitions()
        return self._first.get(name)

    def _note_hidden(self, found: list[Definition]) -> None:
        """Every shadowing is said, on both sides."""
        named: dict[str, list[Definition]] = {}
        for one in found:
            named.setdefault(one.card.name, []).append(one)
        for name, several in named.items():
            first = next((one for one in several if one.hides), several[0])
            self._first[name] = first
            is_shipped = self.is_shipped(name)
            if len(several) == 1 and not is_shipped:
                continue
            others = [one.file.path for one in several if one is not first]
            for one in several:
                why, hides = "", []
                if one is not first:
                    because = "comes first" if several.index(first) < several.index(one) else "can be called here"
                    why = f"{first.file.path} has the same name and {because}"
                elif is_shipped and not one.hides:
                    why = "the agent of this name that ships is used"
                else:
                    hides = ["hides the agent of this name that ships, except in `fairlead review`"] * is_shipped
                    hides += [f"hides {', '.join(others)}"] if others else []
                problem = f"{one.card.problem}; {why}" if one.card.problem and why else one.card.problem
                notes = (why, *hides) if why else tuple(hides)
                one.card = msgspec.structs.replace(one.card, problem=problem, shadowed=notes)

    def _listed(self, own: Definition) -> AgentCard:
        """The card for a list: complete when an earlier look is remembered; nothing is run for it."""
        if not own.is_complete and not own.problems:
            described = self._looking.described(own.card.digest)
            if described is not None:
                complete(own, described)
        return own.card

    def _complete(self, own: Definition) -> None:
        if own.problems:
            return
        if not own.is_complete and own.code is not None:
            described = self._looking.described(own.card.digest)
            if described is None:
                outcome = self._looking.describe(own.code, own.card.digest)
                if not isinstance(outcome, Succeeded):
                    place: dict[str, Json] = outcome.output or {}
                    bad = BadCard(outcome.code, outcome.message, hint=outcome.hint, line=place.get("line", 0))
                    bad.path, bad.key = place.get("path", ""), place.get("parameter", "")
                    own.problems.append(bad)
                    own.settle()
                    return
                described = outcome.output
            complete(own, described)
        for key, schema in (("input", own.card.input_schema), ("output_schema", own.card.output_schema)):
            if schema and (said := self._looking.schema_problem(schema)):
                own.problems.append(BadCard("FL-A017", f"`{key}` is no schema: {said}", key=f"fairlead.{key}"))
        own.settle()

    def is_shipped(self, name: str) -> bool:
        """Whether an agent of this name ships; reads no card."""
        return name in self.shipped_names()


class ShippedCatalog:
    """The agents that ship and no others: what the workflows that ship call, whatever lies in the project."""

    def __init__(self, catalog: FileCatalog) -> None:
        self._catalog = catalog

    def find(self, name: str) -> AgentCard | None:
        """The agent of this name that ships."""
        return self._catalog.shipped(name)

    def cards(self) -> Sequence[AgentCard]:
        """All of them, by name."""
        return [card for name in self._catalog.shipped_names() if (card := self._catalog.shipped(name)) is not None]


class _Shipped:
    """The agents that ship: each card is read once, when it is first asked for."""

    def __init__(self, builtin: Path, read_yaml: ReadYaml) -> None:
        self._builtin = builtin
        self._read_yaml = read_yaml
        self._code = _Code(builtin)
        self._found: dict[str, AgentCard | None] = {}

    @cached_property
    def names(self) -> list[str]:
        return sorted(file.stem for file in (self._builtin / "cards").iterdir() if file.suffix == ".md")

    def card(self, name: str) -> AgentCard | None:
        if name not in self._found:
            self._found[name] = self._read(name) if name in self.names else None
        return self._found[name]

    def _read(self, name: str) -> AgentCard:
        data = (self._builtin / "cards" / f"{name}.md").read_bytes()
        source = f"builtin/{name}.md"
        try:
            front = split_card(data, self._read_yaml)
            card = card_of(front, source, self._digest(front, data))
            if card.name != name:
                raise BadCard("FL-A003", f"the file is called `{name}`, the agent `{card.name}`")
            return card
        except BadCard as bad:
            return empty_card(name, source, digest(data), str(bad))

    def _digest(self, front: FrontMatter, data: bytes) -> Digest:
        """Names the card together with the code and the rule tables behind it."""
        files = self._code.behind(front.entry) if front.entry else []
        return digest_of_files([("", data), *self._code.named(files)])


@cache
def _ships_with_us(read_yaml: ReadYaml) -> _Shipped:
    """Those of this installation, once in a process: a start asks for each in order to check, to pin and to perform."""
    return _Shipped(_BUILTIN, read_yaml)


class _Code:
    """The code behind the agents that ship, found without importing any of it. Every file is read once."""

    def __init__(self, builtin: Path) -> None:
        self._builtin = builtin
        self._data: dict[Path, bytes] = {}
        self._below: dict[str, list[Path]] = {}
        self._named: dict[Path, frozenset[str]] = {}
        self._digests: dict[Path, tuple[str, bytes]] = {}

    def behind(self, entry: str) -> list[Path]:
        """The files behind `package.module:function`.

        Its module or package, the modules beside it that the scanners share, the packages of other agents that any of
        them names, and the rule tables.

        Raises:
            BadCard: there is no such module.
        """
        module = entry.partition(":")[0]
        prefix = "fairlead.agents.builtin."
        own = self._builtin.joinpath(*module.removeprefix(prefix).split("."))
        if not module.startswith(prefix) or not (own.is_dir() or own.with_suffix(".py").is_file()):
            raise BadCard("FL-A007", f"there is no module `{module}` behind it")
        # The package directly below `builtin` counts as a whole: a module of it imports its neighbours.
        waiting = [module.removeprefix(prefix).split(".")[0]]
        found = {*self._files(""), *self._files("rules")}
        for file in tuple(found):
            waiting += self._packages_named(file)
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                for file in self._files(name):
                    found.add(file)
                    waiting += self._packages_named(file)
        return sorted(found, key=_PARTS)

    def named(self, files: Iterable[Path]) -> list[tuple[str, bytes]]:
        """Path from the folder of the agents that ship, and digest of the content: most agents share most files."""
        for file in files:
            if file not in self._digests:
                path = str(file)[len(str(self._builtin)) + 1 :].replace(os.sep, "/")
                self._digests[file] = path, digest(self._read(file)).encode()
        return [self._digests[file] for file in files]

    def _read(self, file: Path) -> bytes:
        if file not in self._data:
            self._data[file] = file.read_bytes()
        return self._data[file]

    def _files(self, folder: str) -> list[Path]:
        """The files below a folder; of the topmost one, the modules directly in it."""
        if folder not in self._below:
            top = self._builtin / folder
            found = top.rglob("*") if folder else top.glob("*.py")
            self._below[folder] = [file for file in found if "__pycache__" not in file.parts and file.is_file()]
        return self._below[folder]

    def _packages_named(self, file: Path) -> frozenset[str]:
        """The packages that a module names, to import something of them; found without parsing it."""
        if file not in self._named:
            named = _PACKAGE.findall(self._read(file)) if file.suffix == ".py" else []
            self._named[file] = frozenset(name.decode("ascii") for name in named)
        return self._named[file]
