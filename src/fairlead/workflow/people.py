"""A people file becomes records: who is in which team, and has which role. YAML or JSON, strictly."""

import re
from typing import NamedTuple

from fairlead.core.errors import Diagnostic
from fairlead.core.people import PEOPLE_MAX, Person
from fairlead.workflow.fields import Fields
from fairlead.workflow.keys import Keys
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Entry, Node, read_tree

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_LOOKS = "letters, digits and `. _ -`, at most 64"
_USER_MAX = 200
_FILE = Keys("a people file", ("people",), takes_extra=True)
_PERSON = Keys("a person", ("user", "teams", "roles"), takes_extra=True)


class ReadPeople(NamedTuple):
    """What a file gave. With an error among the diagnostics nobody of it may decide."""

    people: tuple[Person, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_people(path: str, data: bytes) -> ReadPeople:
    """Read one file; never raises for what it holds. *path* is for people: it stands in the diagnostics."""
    tree, source = read_tree(path, data)
    found: list[Person] = []
    if tree is None and not source.has_errors:
        source.add("FL-W014", "the file is empty", 0, 0, "write `people:`, and below it `ann: {user: ann}`")
    elif tree is not None:
        found = _Reader(source).read(tree)
    return ReadPeople(tuple(found), source.diagnostics)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.fields = Fields(source)
        self._users: dict[str, Node] = {}

    def read(self, tree: Node) -> list[Person]:
        keys = self.fields.mapping(tree, "", _FILE)
        if keys is None:
            return []
        if "people" not in keys:
            if not self.source.has_errors:
                hint = "write `people:`, and below it `ann: {user: ann}`"
                self.source.add("FL-W023", "a people file has no `people`", tree.start, tree.start + 1, hint)
            return []
        node = keys["people"].value
        if node.kind != "mapping":
            self.fields.wrong(
                node, "people", "a mapping of names to people", "write `ann: {user: ann}` below `people:`"
            )
            return []
        if len(node.entries) > PEOPLE_MAX:
            said = f"the file names {len(node.entries):,} people; at most {PEOPLE_MAX:,} are read"
            self.source.add("FL-P041", said, node.start, node.start + 1, "keep only those who decide in this project")
            return []
        return [self._person(name, entry) for name, entry in node.entries.items()]

    def _person(self, name: str, entry: Entry) -> Person:
        self._well_formed(name, entry.key, "a person")
        place = f"people.{name[:64]}"
        keys = self.fields.mapping(entry.value, place, _PERSON) or {}
        user, node = name, entry.key
        if "user" in keys:
            node = keys["user"].value
            user = self.fields.text(node, f"{place}.user", length_max=_USER_MAX) or ""
        if user in self._users:
            said = f"the user `{user}` is two people"
            hint = f"remove one of them; the first is at {self.source.where(self._users[user].start)}"
            self.source.add("FL-P040", said, node.start, node.end, hint, label="here again")
        elif user:
            self._users[user] = node
        return Person(name, user, self._names(keys, place, "teams"), self._names(keys, place, "roles"))

    def _names(self, keys: dict[str, Entry], place: str, key: str) -> tuple[str, ...]:
        if key not in keys:
            return ()
        node = keys[key].value
        names = self.fields.names(node, f"{place}.{key}", length_max=_USER_MAX)
        for item in node.items if node.kind == "list" else ():
            if item.is_text:
                self._well_formed(str(item.value), item, f"a {key.removesuffix('s')}")
        return names

    def _well_formed(self, name: str, node: Node, what: str) -> None:
        if name.strip() and not _NAME.fullmatch(name):
            said = f"`{name[:70]}` is no name for {what}"
            self.source.add("FL-P042", said, node.start, node.end, f"write {_LOOKS}", label=_LOOKS)
