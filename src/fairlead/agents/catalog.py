"""Which agents there are: the cards that ship, and the agent files of the project. No agent's code is imported here."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from fairlead.agents.cards import BadCard, FrontMatter, card_of, split_card
from fairlead.core.json import Digest, Json, digest
from fairlead.core.ports import AgentCard

ReadYaml = Callable[[bytes], Json]  # raises ValueError, its text one line for people
AgentFiles = Callable[[], Iterable[tuple[str, bytes]]]  # path for people, content; those that win first

_BUILTIN = Path(__file__).parent / "builtin"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


class FileCatalog:
    """Implements `fairlead.core.ports.Catalog` over files.

    Every agent file is an entry, also one that cannot be used: its `problem` says why. A file that this build cannot
    call does not hide an agent that it can.
    """

    def __init__(self, read_yaml: ReadYaml, project_files: AgentFiles = tuple, builtin: Path = _BUILTIN) -> None:
        """*read_yaml* reads front matter; *builtin* is the folder that holds `cards` and the modules behind them."""
        self._read_yaml = read_yaml
        self._project_files = project_files
        self._builtin = builtin
        self._found: dict[str, AgentCard | None] = {}
        self._project: tuple[AgentCard, ...] | None = None

    def find(self, name: str) -> AgentCard | None:
        """The agent of this name. Reads one card; the project's files only when no agent of this name ships."""
        if name not in self._found:
            self._found[name] = self._shipped(name) or next((c for c in self._project_cards() if c.name == name), None)
        return self._found[name]

    def cards(self) -> Sequence[AgentCard]:
        """Every entry: those that ship, then the project's, each by name. Names may repeat; `find` gives the first."""
        names = sorted(file.stem for file in (self._builtin / "cards").iterdir() if file.suffix == ".md")
        shipped = [card for card in map(self.find, names) if card is not None]
        return (*shipped, *sorted(self._project_cards(), key=lambda card: (card.name, card.source)))

    def _shipped(self, name: str) -> AgentCard | None:
        file = self._builtin / "cards" / f"{name}.md"
        if not _NAME.fullmatch(name) or not file.is_file():
            return None
        data = file.read_bytes()
        source = f"builtin/{name}.md"
        try:
            front = split_card(data, self._read_yaml)
            card = card_of(front, source, self._digest(front, data))
            if card.name != name:
                raise BadCard("FL-A003", f"the file is called `{name}`, the agent `{card.name}`")
            return card
        except BadCard as bad:
            return _entry(name, source, data, bad)

    def _digest(self, front: FrontMatter, data: bytes) -> Digest:
        """Names the card together with the code and the rule tables behind it."""
        parts = [data]
        for file in _code_files(front.entry, self._builtin):
            parts += [file.relative_to(self._builtin).as_posix().encode(), file.read_bytes()]
        return digest(b"".join(len(part).to_bytes(8, "big") + part for part in parts))

    def _project_cards(self) -> tuple[AgentCard, ...]:
        if self._project is None:
            found: list[AgentCard] = []
            seen: dict[str, str] = {}
            for path, data in self._project_files():
                card = self._project_card(path, data)
                also = ""
                if card.name in seen:
                    also = f"; {seen[card.name]} has the same name and comes first"
                elif self._shipped_exists(card.name):
                    also = "; the agent of this name that ships is used"
                card = msgspec.structs.replace(card, problem=card.problem + also)
                seen.setdefault(card.name, path)
                found.append(card)
            self._project = tuple(found)
        return self._project

    def _shipped_exists(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and (self._builtin / "cards" / f"{name}.md").is_file()

    def _project_card(self, path: str, data: bytes) -> AgentCard:
        name = _slug(Path(path).name.split(".")[0])
        try:
            front = split_card(data, self._read_yaml)
        except BadCard as bad:
            return _entry(name, path, data, bad)
        title = front.text("name")
        reason = f"this build calls only agents that ship with it, not those of adapter `{front.adapter}`"
        later = BadCard("FL-A005", reason)
        return msgspec.structs.replace(
            _entry(_slug(title) or name, path, data, later),
            title=title or name,
            description=front.text("description"),
            adapter=front.adapter,
            body=front.body,
        )


def _slug(name: str) -> str:
    """*name* as agents are named: small letters, digits and `-`, at most 63."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].rstrip("-")


def _code_files(entry: str, builtin: Path) -> list[Path]:
    """The files behind `package.module:function` of an agent that ships, found without importing any of it.

    Its module or package, the modules beside it that the scanners share, and the rule tables.

    Raises:
        BadCard: there is no such module.
    """
    module = entry.partition(":")[0]
    prefix = "fairlead.agents.builtin."
    own = builtin.joinpath(*module.removeprefix(prefix).split("."))
    if not module.startswith(prefix) or not (own.is_dir() or own.with_suffix(".py").is_file()):
        raise BadCard("FL-A007", f"there is no module `{module}` behind it")
    # The package directly below `builtin` counts as a whole: a module of it imports its neighbours.
    top = builtin / module.removeprefix(prefix).split(".")[0]
    found = [file for file in builtin.glob("*.py") if file.is_file()]
    for folder in (top, builtin / "rules"):
        found += [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    return sorted(set(found))


def _entry(name: str, source: str, data: bytes, bad: BadCard) -> AgentCard:
    return AgentCard(
        name=name,
        title=name,
        description="",
        adapter="",
        entry="",
        version="",
        digest=digest(data),
        input_schema={},
        output_schema={},
        source=source,
        problem=str(bad),
    )
