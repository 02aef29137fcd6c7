"""A requirements file becomes records. YAML or JSON, with the same diagnostics and places as a workflow file.

Three forms are read: a list; a mapping of ids to requirements; and a mapping with `requirements`, `features` and
`technical`, each a list. A requirement is a mapping, or just its title.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, cast

from fairlead.core.errors import Diagnostic
from fairlead.core.requirements import KINDS, PRIORITIES, REQUIREMENTS_MAX, Kind, Priority, Requirement
from fairlead.workflow.fields import Fields
from fairlead.workflow.keys import Keys
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Node, read_tree

TITLE_MAX = 256
TEXT_MAX = 10_000
LISTED_MAX = 100  # acceptance sentences, dependencies or deliverables of one requirement

_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}", re.ASCII)
_LISTS: dict[str, Kind] = {"requirements": "feature", "features": "feature", "technical": "technical"}
_NUMBERED: dict[Kind, str] = {"feature": "REQ", "technical": "TECH"}
_KEYS = Keys(
    "a requirement",
    ("id", "title", "name", "description", "kind", "priority", "acceptance", "depends_on", "deliverables"),
    takes_extra=True,
)
_FILE = Keys("a requirements file", tuple(_LISTS), takes_extra=True)


class ReadRequirements(NamedTuple):
    """What a file gave. With an error among the diagnostics, `requirements` holds what could be read all the same."""

    requirements: tuple[Requirement, ...]
    diagnostics: tuple[Diagnostic, ...]


class _Entry(NamedTuple):
    """One requirement as the file has it."""

    requirement: Requirement
    node: Node  # of its id, or of the whole
    needs: tuple[Node, ...]  # the ids under `depends_on`


def read_requirements(path: str, data: bytes) -> ReadRequirements:
    """Read one file; never raises for what it holds. *path* is for people: it stands in the diagnostics."""
    tree, source = read_tree(path, data)
    entries: list[_Entry] = []
    if tree is None and not source.has_errors:
        hint = "write a list, each requirement with an `id` and a `title`"
        source.add("FL-W014", "the file is empty", 0, 0, hint)
    elif tree is not None:
        entries = _Reader(source).read(tree)
        _check_ids(entries, source)
        _check_dependencies(entries, source)
    return ReadRequirements(tuple(entry.requirement for entry in entries), source.diagnostics)


def check_satisfies(names: Iterable[Node], known: Collection[str] | None, source: Source) -> None:
    """Note every name under a `satisfies` of *source* that is no id in *known*; None: there is no requirements file."""
    for node in names:
        name = str(node.value)
        if known is None:
            said = f"`{name[:70]}` is claimed, but the workflow names no requirements file"
            hint = "add `requirements: docs/requirements.yaml` at the top of the workflow"
            source.add("FL-W303", said, node.start, node.end, hint)
        elif name not in known:
            hint = source.did_you_mean(name, known, "add it to the requirements file, or remove it here")
            source.add("FL-W303", f"there is no requirement `{name[:70]}`", node.start, node.end, hint)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.fields = Fields(source)
        self.missing: dict[Kind, int] = dict.fromkeys(_NUMBERED, 0)  # requirements without an id, so far

    def read(self, tree: Node) -> list[_Entry]:
        found = list(self._found(tree))
        if len(found) > REQUIREMENTS_MAX:
            node = found[REQUIREMENTS_MAX][1]
            said = f"the file holds {len(found):,} requirements; at most {REQUIREMENTS_MAX:,} are read"
            self.source.add("FL-W304", said, node.start, node.end, "split it: a workflow needs only its own")
            return []
        given = {str(node.value) for node in self._ids(found)}
        entries = (self._entry(key, node, kind, given) for key, node, kind in found)
        return [entry for entry in entries if entry is not None]

    def _found(self, tree: Node) -> Iterator[tuple[Node | None, Node, Kind]]:
        """Each requirement: the key that is its id, its value, and the kind that its list gives it."""
        if tree.kind == "list":
            yield from ((None, node, "feature") for node in tree.items)
        elif tree.kind == "mapping" and not any(name in tree.entries for name in _LISTS):
            for name, entry in tree.entries.items():
                if name.startswith("x-"):
                    continue
                if entry.value.kind == "list":  # a list under a name that is no list's name: most likely mistyped
                    hint = self.source.did_you_mean(name, _LISTS, f"name it one of: {', '.join(_LISTS)}")
                    said = f"a requirements file has no list `{name[:70]}`"
                    self.source.add("FL-W021", said, entry.key.start, entry.key.end, hint)
                    continue
                yield entry.key, entry.value, "feature"
        elif tree.kind == "mapping":
            for name, entry in (self.fields.mapping(tree, "", _FILE) or {}).items():
                yield from ((None, node, _LISTS[name]) for node in self.fields.items(entry.value, name))
        else:
            hint = "write each requirement on a line of its own, after `- `"
            self.fields.wrong(tree, "requirements", "a list or a mapping", hint)

    def _ids(self, found: list[tuple[Node | None, Node, Kind]]) -> Iterator[Node]:
        for key, node, _ in found:
            if key is not None:
                yield key
            elif node.kind == "mapping" and "id" in node.entries:
                yield node.entries["id"].value

    def _entry(self, key: Node | None, node: Node, kind: Kind, given: Collection[str]) -> _Entry | None:
        if node.kind == "scalar" and node.is_text:
            title = self.fields.text(node, "title", length_max=TITLE_MAX, may_refer=True) or ""
            name = str(key.value) if key is not None else self._next(kind, given)
            return _Entry(Requirement(name, title, kind=kind, priority=_usual(kind)), key or node, ())
        if node.kind != "mapping":
            self.fields.wrong(node, "a requirement", "a mapping or a title", "write `- id: REQ-1` and `title: …`")
            return None
        keys = self.fields.mapping(node, "a requirement", _KEYS) or {}
        values = {name: entry.value for name, entry in keys.items()}
        kind = cast(Kind, self._word(values, "kind", KINDS) or kind)  # `_word` answers one of the words it was given
        return _Entry(
            Requirement(
                id=self._id(key, values, kind, given),
                title=self._title(node, values),
                description=self._text(values, "description", TEXT_MAX),
                kind=kind,
                priority=cast(Priority, self._word(values, "priority", PRIORITIES) or _usual(kind)),  # as above
                acceptance=self._list(values, "acceptance"),
                depends_on=self._list(values, "depends_on"),
                deliverables=self._list(values, "deliverables"),
            ),
            key or values.get("id") or node,
            tuple(_items(values["depends_on"])) if "depends_on" in values else (),
        )

    def _id(self, key: Node | None, values: dict[str, Node], kind: Kind, given: Collection[str]) -> str:
        node = key or values.get("id")
        if node is None:
            return self._next(kind, given)
        if key is not None and "id" in values and values["id"].value != key.value:
            second = values["id"]
            said = f"the requirement is `{str(key.value)[:70]}` by its key and `{str(second.value)[:70]}` by its `id`"
            self.source.add("FL-W305", said, second.start, second.end, "remove the `id`: the key is enough")
        name = self.fields.text(node, "id", may_refer=True) or ""
        if name and not _ID.fullmatch(name):
            said = f"`{name[:70]}` is no id for a requirement"
            label = "letters, digits and `. _ -`, beginning with a letter, at most 64"
            proposed = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip("-._0123456789")[:64].rstrip("-._")
            hint = f"write `{proposed}`" if proposed else "write for example `REQ-1`"
            self.source.add("FL-W025", said, node.start, node.end, hint, label=label)
        return name

    def _next(self, kind: Kind, given: Collection[str]) -> str:
        """The next id that nobody has written: REQ-001, or TECH-001 for a technical one."""
        while True:
            self.missing[kind] += 1
            name = f"{_NUMBERED[kind]}-{self.missing[kind]:03}"
            if name not in given:
                return name

    def _title(self, node: Node, values: dict[str, Node]) -> str:
        if "title" in values and "name" in values:
            second = values["name"]
            hint = "keep one of them"
            self.source.add("FL-W305", "`title` and `name` are one thing", second.start, second.end, hint)
        if "title" not in values and "name" not in values:
            said = "a requirement has no `title`"
            self.source.add("FL-W023", said, node.start, node.start + 1, "say in one line what was asked for")
            return ""
        return self._text(values, "title" if "title" in values else "name", TITLE_MAX)

    def _text(self, values: dict[str, Node], key: str, length_max: int) -> str:
        if key not in values:
            return ""
        return self.fields.text(values[key], key, length_max=length_max, may_refer=True) or ""

    def _word(self, values: dict[str, Node], key: str, words: tuple[str, ...]) -> str | None:
        return self.fields.word(values[key], key, words) if key in values else None

    def _list(self, values: dict[str, Node], key: str) -> tuple[str, ...]:
        if key not in values:
            return ()
        node = values[key]
        if node.kind == "mapping":
            self.fields.wrong(node, key, "a list of texts, or one text", "write each one after `- `")
            return ()
        items = list(_items(node))
        if len(items) > LISTED_MAX:
            said = f"`{key}` has {len(items):,} entries; at most {LISTED_MAX} are read"
            self.source.add("FL-W304", said, node.start, node.end, "split the requirement")
        texts = (self.fields.text(item, key, length_max=TEXT_MAX, may_refer=True) for item in items[:LISTED_MAX])
        return tuple(text for text in texts if text)


def _items(node: Node) -> Iterator[Node]:
    """The entries of a list; one text stands for a list of one."""
    if node.kind == "list":
        yield from node.items
    elif node.kind == "scalar":
        yield node


def _usual(kind: Kind) -> Priority:
    return "high" if kind == "technical" else "medium"


def _check_ids(entries: list[_Entry], source: Source) -> None:
    first: dict[str, Node] = {}
    for entry in entries:
        name = entry.requirement.id
        if earlier := first.get(name):
            said = f"the id `{name[:70]}` stands twice"
            hint = f"give one of them another id; the first is at {source.where(earlier.start)}"
            source.add("FL-W300", said, entry.node.start, entry.node.end, hint, label="here again")
        elif name:
            first[name] = entry.node


def _check_dependencies(entries: list[_Entry], source: Source) -> None:
    known = {entry.requirement.id: entry for entry in entries}
    for entry in entries:
        for node in entry.needs:
            name = str(node.value)
            if node.is_text and name not in known:
                hint = source.did_you_mean(name, known, "add the requirement, or remove the dependency")
                said = f"`{entry.requirement.id[:70]}` depends on `{name[:70]}`, which is not there"
                source.add("FL-W301", said, node.start, node.end, hint)
    for cycle in _cycles(known):
        entry = known[cycle[0]]
        node = next(node for node in entry.needs if node.value == cycle[1 % len(cycle)])
        said = f"requirements wait for each other: {' → '.join((*cycle, cycle[0]))}"
        source.add("FL-W302", said, node.start, node.end, "remove one of the dependencies: none of them could be met")


def _cycles(known: dict[str, _Entry]) -> Iterator[list[str]]:
    """Each circle that a walk in file order closes, once. The walk keeps its own stack: files may be deep."""
    done: set[str] = set()
    for start in known:
        path: list[str] = []
        at: dict[str, int] = {}
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            name, is_left = waiting.pop()
            if is_left:
                path.pop()
                del at[name]
                done.add(name)
            elif name in at:
                yield path[at[name] :]
            elif name not in done:
                at[name] = len(path)
                path.append(name)
                waiting.append((name, True))
                needs = known[name].requirement.depends_on
                waiting += [(need, False) for need in reversed(needs) if need in known]
