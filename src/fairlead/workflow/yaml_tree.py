"""YAML 1.2 core schema to a tree with places. JSON is read by the same code: it is YAML here, with its own strictness.

libyaml gives the events; what a plain scalar means is decided here, because PyYAML itself reads YAML 1.1,
where `on` and `no` are booleans and `12:30` is a number.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from fairlead.core.json import DEPTH_MAX, Json
from fairlead.workflow.scalars import Unfit, resolve_scalar
from fairlead.workflow.source import Edit, Source
from fairlead.workflow.syntax import plain_words

BYTES_MAX = 1_000_000
VALUES_MAX = 100_000  # values written in one file
ALIASED_MAX = 10_000  # values that aliases may add
_MASK = "\ue000"  # stands for a character of a torn `${ }` while the rest of the file is read
_PAIR = "\ue001" * 12  # stands for two escapes that are one character
_PAIRS = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
TORN_MAX = 50  # `${ }` in flow style that are reported one by one

Kind = Literal["mapping", "list", "scalar"]


class Node:
    """One value of the file and where it stands: [start, end) in characters."""

    __slots__ = ("end", "entries", "is_plain", "is_text", "items", "kind", "size", "start", "style", "value")

    def __init__(self, kind: Kind, start: int, end: int) -> None:
        self.kind: Kind = kind
        self.start = start
        self.end = end
        self.value: Json = None  # of a scalar
        self.is_text = False  # a scalar whose value is text
        self.is_plain = False  # a scalar without quotes
        self.style = ""  # how a scalar is written: "", "'", '"', "|", ">"
        # Most values are scalars, and share two that stay empty.
        self.items: list[Node] = [] if kind == "list" else _NO_ITEMS  # of a list
        self.entries: dict[str, Entry] = {} if kind == "mapping" else _NO_ENTRIES  # of a mapping, in file order
        self.size = 1  # values in it, aliases expanded; 0 while it is being read

    def plain(self) -> Json:
        """The bare value, without places."""
        if self.kind == "mapping":
            return {name: entry.value.plain() for name, entry in self.entries.items()}
        if self.kind == "list":
            return [item.plain() for item in self.items]
        return self.value


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: Node
    value: Node


_NO_ITEMS: list[Node] = []
_NO_ENTRIES: dict[str, Entry] = {}


class _Stopped(Exception):
    """The text cannot be read any further; why is noted in its source."""


def read_tree(path: str, data: bytes) -> tuple[Node | None, Source]:
    """The tree of one file (`None` when it cannot be read to its end), and its source with every mistake noted."""
    source = Source(path)
    text = _decode(data, source)
    if text is None:
        return None, source
    source.text = text
    is_clean = _refuse_characters(source)
    if not is_clean:
        return None, source
    try:
        return _Builder(source).read(), source
    except _Stopped:
        return None, source


def _decode(data: bytes, source: Source) -> str | None:
    if len(data) > BYTES_MAX:
        source.add(
            "FL-W013",
            f"the file has {len(data):,} bytes; at most {BYTES_MAX:,} are read",
            0,
            0,
            "split it, or move data out of it into files that its steps read",
        )
        return None
    text = data.removeprefix(b"\xef\xbb\xbf")  # the mark that some editors put first
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        source.text = text.decode("utf-8", "replace")
        at = len(text[: error.start].decode("utf-8"))
        byte = f"byte {error.start + len(data) - len(text)} (0x{text[error.start]:02x})"
        source.add("FL-W002", f"{byte} is not UTF-8", at, at + 1, "save the file as UTF-8")
        return None


# Control characters, and those that end a line in YAML 1.1 but not in 1.2: two readers would see two different files.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _refuse_characters(source: Source) -> bool:
    first = None
    for found in _REFUSED.finditer(source.text):
        first = found
        source.add(
            "FL-W005",
            f"the character U+{ord(found[0]):04X} may not stand in a workflow file",
            found.start(),
            found.end(),
            f'write it as "\\u{ord(found[0]):04x}" between double quotes, or remove it',
            edit=Edit(found.start(), found.end(), ""),
        )
        break  # a binary file would give thousands
    return first is None


class _Open:
    """A mapping or list that is being read."""

    __slots__ = ("anchor", "is_extra", "key", "node")

    def __init__(self, node: Node, anchor: str | None, is_extra: bool) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Node | None = None  # of a mapping: the key whose value comes next
        self.is_extra = is_extra  # stands under an `x-` key


class _Builder:
    """Makes the tree out of libyaml's events."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pairs: list[tuple[int, str]] = []  # where two escapes stand, and the character that they are
        # What is parsed: the source with everything masked that libyaml would refuse although it may stand there.
        self.text = self._mask_pairs(source.text)

    def read(self) -> Node | None:
        for _ in range(TORN_MAX):
            torn = self._attempt()
            if torn is None:
                return self.root
            # The braces of `${ }` end the value for YAML. Reported and masked, the rest of the file can still be read.
            start, end = torn
            self._refuse_torn(start, end)
            self.text = self.text[:start] + _MASK * (end - start) + self.text[end:]
        raise _Stopped

    def _mask_pairs(self, text: str) -> str:
        r"""JSON may write a character as two escapes, `\ud83d\ude00`, which YAML lacks: they are put back later."""
        if "\\u" not in text:
            return text

        def mask(found: re.Match[str]) -> str:
            if found[1] is None:
                return found[0]
            high, low = int(found[1], 16) - 0xD800, int(found[2], 16) - 0xDC00
            self.pairs.append((found.start(), chr(0x10000 + (high << 10) + low)))
            return _PAIR

        return _PAIRS.sub(mask, text)

    def _unmask_pairs(self, value: str, start: int, is_quoted: bool) -> str:
        """*value* with the characters that were written as pairs, or with the very text where no escapes are read."""
        pieces = value.split(_PAIR)
        first = bisect_left(self.pairs, (start, ""))
        for index, (at, character) in enumerate(self.pairs[first : first + len(pieces) - 1]):
            pieces[index] += character if is_quoted else self.source.text[at : at + 12]
        return "".join(pieces)

    def _attempt(self) -> tuple[int, int] | None:
        """Read all events; gives the place of a `${ }` in flow style if one stopped it."""
        import yaml

        self.root: Node | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node] = {}
        self.values = 0
        self.aliased = 0
        self.documents = 0
        self.flow_depth = 0
        last_flow = -1
        event: Any  # PyYAML's stubs give events none of their attributes
        try:
            # Not `yaml.parse`: it asks twice for each event.
            next_event = yaml.CSafeLoader(self.text).get_event
            stream_end, a_scalar = yaml.StreamEndEvent, yaml.ScalarEvent
            while True:
                event = next_event()
                kind = type(event)
                if kind is stream_end:
                    break
                start, end = event.start_mark.index, event.end_mark.index
                if kind is a_scalar:
                    if event.value[-1:] == "$" and self._is_torn(end):
                        last_flow = end
                    self._put(self._scalar(event, start, end), event.anchor)
                elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                    self._open("mapping" if kind is yaml.MappingStartEvent else "list", event, start, end)
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    self._close(end)
                elif kind is yaml.AliasEvent:
                    self._alias(event.anchor, start, end)
                elif kind is yaml.DocumentStartEvent:
                    self.documents += 1
                    if self.documents > 1:
                        self._refuse_document(start)
        except yaml.YAMLError as error:
            opening = self._torn_opening(last_flow, error)
            if opening is not None:
                return opening
            self._refuse_syntax(error)
        return None

    # ------------------------------------------------------------------------------------------------ events to nodes

    def _open(self, kind: Kind, event: Any, start: int, end: int) -> None:
        node = Node(kind, start, end)
        node.size = 0
        if event.tag is not None:
            self._check_tag(event.tag, kind, start, end)
        if len(self.stack) >= DEPTH_MAX:
            self.source.add(
                "FL-W012",
                f"values are nested deeper than {DEPTH_MAX} levels",
                start,
                start + 1,
                "take the inner part out into a workflow or a file of its own",
            )
            raise _Stopped
        is_extra = bool(self.stack) and self._is_extra(self.stack[-1])
        self.stack.append(_Open(node, event.anchor, is_extra))
        if anchor := event.anchor:
            self.anchors[anchor] = node

    def _close(self, end: int) -> None:
        opened = self.stack.pop()
        node = opened.node
        node.end = max(end, node.end)
        children = node.items if node.kind == "list" else [entry.value for entry in node.entries.values()]
        node.size = 1 + sum([child.size for child in children])
        self._put(node, opened.anchor)

    def _alias(self, name: str, start: int, end: int) -> None:
        target = self.anchors.get(name)
        if target is None or target.size == 0:
            reason = "names no anchor above it" if target is None else "stands inside the value that it names"
            self.source.add(
                "FL-W017", f"the alias `*{name}` {reason}", start, end, "write the value out where it is needed"
            )
            target = Node("scalar", start, end)
        self.aliased += target.size
        if self.aliased > ALIASED_MAX:
            self.source.add(
                "FL-W011",
                f"aliases expand to more than {ALIASED_MAX:,} values",
                start,
                end,
                "write the values out, or move them into a file that a step reads",
            )
            raise _Stopped
        self._put(target, None)

    def _put(self, node: Node, anchor: str | None) -> None:
        """A value is complete: it is the key or the value that the innermost open mapping or list waits for."""
        self.values += 1
        if self.values > VALUES_MAX:
            self.source.add(
                "FL-W011",
                f"the file holds more than {VALUES_MAX:,} values",
                node.start,
                node.end,
                "move data out of it into files that its steps read",
            )
            raise _Stopped
        if anchor:
            self.anchors[anchor] = node
        if not self.stack:
            if self.documents <= 1:
                self.root = node
            return
        opened = self.stack[-1]
        if opened.node.kind == "list":
            opened.node.items.append(node)
        elif opened.key is None:
            opened.key = node
        else:
            self._enter(opened, opened.key, node)
            opened.key = None

    def _enter(self, opened: _Open, key: Node, value: Node) -> None:
        if key.kind != "scalar" or not key.is_text:
            self._refuse_key(key, value)
            return
        name = key.value
        if name == "<<" and key.is_plain and not opened.is_extra:
            self.source.add(
                "FL-W010",
                "merge keys are not read: what a step does must stand where the step stands",
                key.start,
                key.end,
                "write the keys out; `<<` may stand only under `x-…`",
            )
            return
        if earlier := opened.node.entries.get(name):
            self.source.add(
                "FL-W003",
                f"the key `{_shown(name)}` stands twice in one mapping",
                key.start,
                key.end,
                f"keep one of them; the first is at {self.source.where(earlier.key.start)}",
                label="here again",
            )
            return
        opened.node.entries[name] = Entry(key, value)

    def _is_extra(self, opened: _Open) -> bool:
        key = opened.key
        return opened.is_extra or (key is not None and isinstance(key.value, str) and key.value.startswith("x-"))

    # ------------------------------------------------------------------------------------------------------- scalars

    def _scalar(self, event: Any, start: int, end: int) -> Node:
        tag: str | None = event.tag
        is_plain, is_text = event.implicit
        value: str = event.value
        node = Node("scalar", start, end)
        node.style = event.style or ""
        node.is_plain = is_plain and not is_text
        if "\0" in value:
            self.source.add("FL-W005", "a text holds a NUL, which nothing can carry on", start, end, "remove the `\\0`")
        if self.pairs and _PAIR in value:
            value = self._unmask_pairs(value, start, node.style == '"')
        if _MASK in value:
            value = self.source.text[start:end]
        if tag is not None:
            self._check_tag(tag, "scalar", start, end)
        if tag == "!" or (tag is None and not node.is_plain) or tag == _TAG + "str":
            node.value, node.is_text = value, True
            return node
        resolved = resolve_scalar(value)
        if isinstance(resolved, Unfit):
            edit = Edit(start, end, f'"{value}"')
            self.source.add("FL-W016", resolved.reason, start, end, resolved.hint, edit=edit)
            resolved = 0
        node.value, node.is_text = resolved, isinstance(resolved, str)
        return node

    def _check_tag(self, tag: str, kind: Kind, start: int, end: int) -> None:
        if tag == "!" or tag in _TAGS[kind]:
            return
        shown = tag.replace(_TAG, "!!")
        self.source.add(
            "FL-W015", f"the tag `{_shown(shown)}` is not read", start, end, "write the value without a tag"
        )

    # ------------------------------------------------------------------------------------------ what libyaml refuses

    def _is_torn(self, end: int) -> bool:
        return self.text[end : end + 1] == "{"

    def _torn_opening(self, last_flow: int, error: Exception) -> tuple[int, int] | None:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            return None
        opening = last_flow - 1
        if last_flow < 0 or not opening <= mark.index <= last_flow + 1:
            # A key: `{${ x }: 1}` stops before the scalar is told.
            opening = self.text.find("${", mark.index, mark.index + 2)
            if opening < 0:
                return None
        closing = self.text.find("}", opening)
        line_end = self.text.find("\n", opening)
        if closing < 0 or 0 <= line_end < closing:
            return None
        return opening, closing + 1

    def _refuse_torn(self, start: int, end: int) -> None:
        written = self.source.text[start:end]
        self.source.add(
            "FL-W007",
            "`${ }` inside a { } or [ ] must stand in quotes: YAML reads its braces first",
            start,
            end,
            f'write "{written}", or put the value on a line of its own',
            edit=self._quoting(start, end),
        )

    def _quoting(self, start: int, end: int) -> Edit | None:
        """Quotes around a torn `${ }` that is a whole value."""
        text = self.source.text
        written = text[start:end]
        quote = "'" if '"' in written else '"'
        if quote in written or "\\" in written:
            return None
        before, after = text[:start].rstrip(), text[end:].lstrip()
        if before[-1:] not in (":", ",", "[", "{") or after[:1] not in (",", "]", "}"):
            return None
        return Edit(start, end, quote + written + quote)

    def _refuse_key(self, key: Node, value: Node) -> None:
        if key.kind == "mapping" and self.text.startswith("{", key.start) and self.text[key.start - 1] == "{":
            end = self.text.find("}}", key.start)
            inner = self.text[key.start + 1 : end].strip() if end >= 0 else "…"
            self.source.add(
                "FL-W006",
                "`{{ }}` is a mapping for YAML, and no reference here",
                key.start - 1,
                end + 2 if end >= 0 else key.end,
                f"write ${{ {_shown(inner)} }}",
                edit=Edit(key.start - 1, end + 2, f"${{ {inner} }}") if end >= 0 and "\n" not in inner else None,
            )
            return
        what = "a list or a mapping" if key.kind != "scalar" else f"`{_shown(self.text[key.start : key.end])}`"
        self.source.add(
            "FL-W008",
            f"a key must be text; this one is {what}" + (", which YAML does not read as text" * (key.kind == "scalar")),
            key.start,
            key.end,
            f'write "{_shown(self.text[key.start : key.end])}"' if key.kind == "scalar" else "use a text as the key",
            edit=Edit(key.start, key.end, f'"{self.text[key.start : key.end]}"') if key.kind == "scalar" else None,
        )

    def _refuse_document(self, start: int) -> None:
        self.source.add(
            "FL-W009",
            "a second document begins here; one file holds one workflow",
            start,
            start + 3,
            "move it into a file of its own",
        )
        raise _Stopped

    def _spaces(self, at: int) -> Edit | None:
        """Two spaces for each tab of the indentation that the one at *at* belongs to."""
        text = self.source.text
        start = text.rfind("\n", 0, at) + 1
        end = start
        while end < len(text) and text[end] in " \t":
            end += 1
        return Edit(start, end, text[start:end].replace("\t", "  ")) if start <= at < end else None

    def _refuse_syntax(self, error: Exception) -> None:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or "it cannot be read")
        at = min(mark.index if mark else 0, len(self.text))
        beginning = getattr(error, "context_mark", None)
        if beginning and "unexpected end of stream" in problem:
            at = beginning.index  # what is open is the mistake, not the end of the file
        before = self.text[at : at + 1]
        if "tab" in problem.split() or before == "\t":
            tab = self.text.find("\t", at)
            at = tab if tab >= 0 else at
            self.source.add(
                "FL-W004",
                "a tab is no indentation in YAML",
                at,
                at + 1,
                "use two spaces for each level",
                edit=self._spaces(at),
            )
        else:
            message, hint = plain_words(problem, str(getattr(error, "context", None) or ""))
            if beginning and "{begin}" in message:
                message = message.replace("{begin}", self.source.where(beginning.index))
            self.source.add("FL-W001", message, at, at + 1, hint)
        raise _Stopped


_TAG = "tag:yaml.org,2002:"
_TAGS: dict[Kind, frozenset[str]] = {
    "scalar": frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null")),
    "list": frozenset([_TAG + "seq"]),
    "mapping": frozenset([_TAG + "map"]),
}


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


class NotReadable(ValueError):
    """A text is not the YAML that is read here; the message says what and where, in one line."""


def read_values(data: bytes) -> Json:
    """The bare value of a YAML or JSON text, without places: for front matter and the like.

    Raises:
        NotReadable: anything is wrong with it; the message names the first mistake.
    """
    tree, source = read_tree("", data)
    for found in source.diagnostics:
        place = f"line {found.span.line}, column {found.span.column}: " if found.span else ""
        raise NotReadable(place + found.message)
    return tree.plain() if tree else None


def texts_of(node: Node) -> Iterator[Node]:
    """Every text in *node*, through lists and mappings."""
    if node.kind == "list":
        for item in node.items:
            yield from texts_of(item)
    elif node.kind == "mapping":
        for entry in node.entries.values():
            yield from texts_of(entry.value)
    elif node.is_text:
        yield node
