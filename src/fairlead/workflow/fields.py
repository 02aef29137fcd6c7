"""Reading single values out of the tree, with the diagnostics for those that have the wrong type."""

import re
from collections.abc import Iterator

from fairlead.core.durations import parse_duration, say_duration
from fairlead.core.json import encode
from fairlead.core.workflow import TIMEOUT_S_MAX
from fairlead.workflow.keys import Keys
from fairlead.workflow.levels import Moment, Wanted, Written
from fairlead.workflow.source import Edit, Source
from fairlead.workflow.yaml_tree import Entry, Node, texts_of

EXPRESSION_MAX = 5_000  # characters of one bare expression
DURATION_S_MAX = 366 * 86_400.0
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}", re.ASCII)
# What people write for the two booleans in other formats.
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "y"), "true"),
    **dict.fromkeys(("false", "no", "off", "n"), "false"),
}
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%", re.ASCII)


def describe(node: Node) -> str:
    """What a value is, as a sentence says it."""
    if node.kind != "scalar":
        return f"a {node.kind}"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return f"the boolean {str(node.value).lower()}"
    return "text" if node.is_text else f"the number {node.value}"


class Fields:
    """Reads values from the tree of one file. Whatever does not fit is noted in `source`, and `None` comes back.

    Expressions are collected in `written`: whoever reads a step lays the step's own list there.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.written: list[Written] = []
        self._later: dict[str, tuple[Node, str, int]] = {}

    def wrong(self, node: Node, place: str, expected: str, hint: str, meant: str | None = None) -> None:
        """Note that *node*, which stands at *place*, is not what was *expected* there; *meant* is what it should be."""
        message = f"`{place}`: expected {expected}, this is {describe(node)}"
        edit = None if meant is None else Edit(node.start, node.end, meant)
        self.source.add("FL-W020", message, node.start, node.end, hint, edit=edit)

    def mapping(self, node: Node, place: str, keys: Keys) -> dict[str, Entry] | None:
        """The entries of a mapping with only known keys; the others are noted."""
        if node.kind != "mapping":
            if place:
                first = "steps" if node.kind == "list" and "steps" in keys.names else keys.names[0]
                hint = f"write its keys below `{place}:`, indented by two spaces, for example `{first}:`"
                self.wrong(node, place, "a mapping", hint)
            else:
                said = f"{keys.what} is a mapping of keys to values, this is {describe(node)}"
                hint = f"begin with `{keys.names[0]}:`, and write each key on a line of its own"
                self.source.add("FL-W020", said, node.start, node.end, hint)
            return None
        known = {}
        for name, entry in node.entries.items():
            if name in keys.names:
                known[name] = entry
            elif not (keys.takes_extra and name.startswith("x-")):
                self.source.add(
                    "FL-W021",
                    f"{keys.what} has no key `{name}`",
                    entry.key.start,
                    entry.key.end,
                    self.source.did_you_mean(name, keys.names, f"{keys.what} may have: {', '.join(keys.names)}"),
                )
        return known

    def later(self, name: str, node: Node, meaning: str) -> None:
        """Remember that a key was read which this build does not perform; `say_later` says it once for each name."""
        first, said, count = self._later.get(name, (node, meaning, 0))
        self._later[name] = (min(first, node, key=lambda one: one.start), said, count + 1)

    def say_later(self) -> None:
        """Warn of every key that was read and is not performed."""
        for name, (node, meaning, count) in self._later.items():
            times = f" ({count} times in this file)" if count > 1 else ""
            self.source.add(
                "FL-W110",
                f"`{name}` is read and checked, but this build does not perform it yet: {meaning}{times}",
                node.start,
                node.end,
                "keep it for a later version, or remove it",
                is_warning=True,
            )

    def text(
        self,
        node: Node,
        place: str,
        *,
        length_max: int = 1_000,
        may_refer: bool = False,
        moment: Moment | None = None,
    ) -> str | None:
        """A text that is not empty. With a *moment* it may hold `${ }`, which is checked for that moment."""
        if not node.is_text:
            hint = "put it in quotes" if node.kind == "scalar" and node.value is not None else "write one text here"
            self.wrong(node, place, "text", hint)
            return None
        value = str(node.value)
        if not value.strip():
            self.source.add(
                "FL-W024", f"`{place}` is empty", node.start, node.end, "write something, or remove the key"
            )
            return None
        if len(value) > length_max:
            self.source.add(
                "FL-W028",
                f"`{place}` has {len(value):,} characters; at most {length_max:,} are allowed",
                node.start,
                node.end,
                "shorten it",
            )
            return None
        if moment is not None:
            self.texts(node, place, moment, "text")
        elif not may_refer:
            self.refuse_references(node, place)
        return value

    def texts(self, node: Node, place: str, moment: Moment, wanted: Wanted = "any") -> None:
        """Keep every text in *node* that holds a `${`, to be checked for what it reads."""
        for text in texts_of(node):
            if "${" in str(text.value):
                self.written.append(Written(text, place, moment, wanted if text is node else "any", False))

    def expression(self, node: Node, place: str, wanted: Wanted, moment: Moment) -> str:
        """A bare expression; `true`, `false` and numbers may stand without quotes where one is wanted."""
        value = node.value
        if isinstance(value, bool) and wanted in ("boolean", "any"):
            return str(value).lower()
        if isinstance(value, int | float) and not isinstance(value, bool) and wanted in ("number", "any"):
            return str(value)
        if node.kind == "list" and wanted in ("list", "any"):
            hint = "an expression is text: put the whole list in quotes, as in '[1, 2]'"
            self.wrong(node, place, "text", hint, self._list_as_text(node))
            return ""
        text = self.text(node, place, length_max=EXPRESSION_MAX, may_refer=True)
        if text is None:
            return ""
        self.written.append(Written(node, place, moment, wanted, True))
        return text

    def refuse_references(self, node: Node, place: str) -> None:
        """Note every `${` in *node*: at *place* nothing fills it in, and it may not stay as literal text."""
        for text in texts_of(node):
            if "${" in str(text.value):
                self.source.add(
                    "FL-E007",
                    f"`{place}` is fixed when the file is read, so no `${{ }}` can stand in it",
                    text.start,
                    text.end,
                    "references can stand in `with`, `run`, `outputs` and other texts that a step is given",
                )

    def boolean(self, node: Node, place: str) -> bool | None:
        if isinstance(node.value, bool):
            return node.value
        meant = _BOOLEANS.get(str(node.value).lower()) if node.is_text else None
        self.wrong(node, place, "true or false", "write `true` or `false` without quotes", meant)
        return None

    def integer(self, node: Node, place: str, least: int, most: int) -> int | None:
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            text = str(node.value).strip()
            meant = text if node.is_text and text.isascii() and text.isdigit() and len(text) < 10 else None
            self.wrong(node, place, "a whole number", f"write a number from {least} to {most:,} without quotes", meant)
            return None
        return node.value if self.is_within(node, place, node.value, least, most) else None

    def number(self, node: Node, place: str, least: float, most: float) -> float | None:
        """A number that is more than *least* and at most *most*."""
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            self.wrong(node, place, "a number", "write a number without quotes")
            return None
        if not least < node.value <= most:
            said = f"`{place}` is {node.value}; it must be more than {least:g} and at most {most:,.0f}"
            self.source.add("FL-W024", said, node.start, node.end, f"write at most {most:,.0f}")
            return None
        return node.value

    def is_within(self, node: Node, place: str, value: int, least: int, most: int) -> bool:
        if least <= value <= most:
            return True
        self.source.add(
            "FL-W024",
            f"`{place}` is {value}; it must lie between {least} and {most:,}",
            node.start,
            node.end,
            f"write a number from {least} to {most:,}",
        )
        return False

    def share(self, node: Node, place: str) -> float | None:
        """A share such as `25%`, from 0 to 1."""
        found = _SHARE.fullmatch(str(node.value)) if node.is_text else None
        if found is None or float(found[1]) > 100:
            said = f"`{place}`: expected a share such as `25%`, this is {self._shown(node)}"
            hint = f"write `{node.value}%`" if isinstance(node.value, int) else "write for example `25%`"
            edit = Edit(node.start, node.end, f"{node.value}%") if hint != "write for example `25%`" else None
            self.source.add("FL-W030", said, node.start, node.end, hint, label="0% to 100%", edit=edit)
            return None
        return round(float(found[1]) / 100, 8)

    def items(self, node: Node, place: str) -> Iterator[Node]:
        """The items of a list."""
        if node.kind != "list":
            hint = f"write each item on its own line below `{place}:`, after `- `"
            meant = None
            if node.is_text and _WORD.fullmatch(str(node.value)):
                meant = f"[{node.value}]"
                hint = f"write `{meant}`"
            self.wrong(node, place, "a list", hint, meant)
            return
        yield from node.items

    def names(
        self,
        node: Node,
        place: str,
        *,
        most: int = 100,
        length_max: int = 1_000,
        pattern: re.Pattern[str] | None = None,
        looks: str = "",
        moment: Moment | None = None,
    ) -> tuple[str, ...]:
        """The texts of a list, each once; with a *pattern*, those that look so."""
        found: list[str] = []
        for item in self.items(node, place):
            name = self.text(item, place, length_max=length_max, moment=moment)
            if name is None:
                continue
            if name in found:
                self.twice(place, name, item)
            elif pattern is not None and not pattern.fullmatch(name):
                said = f"`{place}`: `{name[:63]}` is not well formed"
                self.source.add("FL-W025", said, item.start, item.end, f"write {looks}", label=looks)
            else:
                found.append(name)
        if len(found) > most:
            said = f"`{place}` has {len(found)} items; at most {most} are allowed"
            self.source.add("FL-W024", said, node.start, node.end, "remove some, or make one item of several")
        return tuple(found)

    def twice(self, place: str, name: str, item: Node) -> None:
        """Note an item that stands in its list a second time."""
        from fairlead.workflow.mending import remove_item

        said = f"`{place}` names `{name[:63]}` twice"
        edit = remove_item(self.source, item)
        self.source.add("FL-W115", said, item.start, item.end, "remove one of them", edit=edit)

    def words(self, node: Node, place: str, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words of a list, each of a closed set and each once."""
        found: list[str] = []
        for item in self.items(node, place):
            word = self.word(item, place, words)
            if word in found:
                self.twice(place, word, item)
            elif word:
                found.append(word)
        return tuple(found)

    def word(self, node: Node, place: str, words: tuple[str, ...]) -> str | None:
        """One of a closed set of words."""
        value = self.text(node, place)
        if value is None or value in words:
            return value
        self.source.add(
            "FL-W024",
            f"`{place}` cannot be `{value[:60]}`",
            node.start,
            node.end,
            self.source.did_you_mean(value, words, f"write one of: {', '.join(words)}"),
            label=f"one of: {', '.join(words)}",
        )
        return None

    def duration(self, node: Node, place: str, most: float = DURATION_S_MAX) -> float | None:
        """A time in seconds, more than nothing."""
        seconds = parse_duration(str(node.value)) if node.is_text else None
        if seconds is None:
            said = (
                f"write `{node.value}s` for seconds"
                if isinstance(node.value, int) and not isinstance(node.value, bool)
                else "write for example `90s`, `10m` or `1h`"
            )
            message = f"`{place}`: expected a duration, this is {describe(node)}"
            if node.is_text:
                message = f"`{place}`: `{str(node.value)[:40]}` is no duration"
            is_seconds = said.endswith("for seconds")
            edit = Edit(node.start, node.end, f"{node.value}s") if is_seconds else None
            label = "number and unit: ms, s, m, h, d, w"
            self.source.add("FL-W026", message, node.start, node.end, said, label=label, edit=edit)
            return None
        if not 0 < seconds <= most:
            self.source.add(
                "FL-W027",
                f"`{place}` is {node.value}; it must be more than 0 and at most {say_duration(most)}",
                node.start,
                node.end,
                f"write at most `{say_duration(most)}`" + ", and split what takes longer" * (most <= TIMEOUT_S_MAX),
            )
            return None
        return seconds

    def timeout(self, node: Node, place: str) -> float | None:
        """The time limit of one attempt in seconds."""
        return self.duration(node, place, TIMEOUT_S_MAX)

    def requires(self, keys: dict[str, Entry], name: str, *others: str, place: str = "") -> None:
        """Note that the key *name* says nothing without one of *others*."""
        if name in keys and not any(other in keys for other in others):
            entry = keys[name]
            needed = " or ".join(f"`{other}`" for other in others)
            said = f"`{place}{name}` says nothing without {needed}"
            self.source.add("FL-W123", said, entry.key.start, entry.key.end, f"add {needed}, or remove `{name}`")

    def excludes(self, keys: dict[str, Entry], names: tuple[str, ...], place: str) -> None:
        """Note every key of *names* after the first one: they say different things of the same."""
        said = sorted((name for name in names if name in keys), key=lambda name: keys[name].key.start)
        for second in said[1:]:
            entry = keys[second]
            message = f"{place} has `{said[0]}` and `{second}`, and only one of them can hold"
            self.source.add("FL-W124", message, entry.key.start, entry.key.end, "keep one of them")

    def missing(self, node: Node, key: Node, place: str, name: str, hint: str) -> None:
        """Note that the mapping *node*, which stands at *place* under *key*, lacks the key *name*."""
        if node.kind == "mapping":
            said = f"`{place}` needs `{name}`"
            self.source.add("FL-W023", said, key.start, key.end, hint)

    def is_in_flow(self, node: Node) -> bool:
        """Whether the value stands inside braces or brackets, where more characters need quotes."""
        text = self.source.text
        line = text.rfind("\n", 0, node.start) + 1
        end = text.find("\n", node.end)
        rest = text[node.end : len(text) if end < 0 else end].strip()
        return any(sign in text[line : node.start] for sign in "{[") or (bool(rest) and not rest.startswith("#"))

    def _list_as_text(self, node: Node) -> str | None:
        """A list in brackets as the text of an expression; None when its items are more than words and numbers."""
        values = [item.value for item in node.items if item.kind == "scalar"]
        is_plain = len(values) == len(node.items) and not any(isinstance(one, str) and "${" in one for one in values)
        if not is_plain or not self.source.text.startswith("[", node.start):
            return None
        quoted = ", ".join(encode(value).decode() for value in values).replace("'", "''")
        return f"'[{quoted}]'"

    def _shown(self, node: Node) -> str:
        return f"`{str(node.value)[:40]}`" if node.is_text else describe(node)
