"""Reading single values out of the tree, with the diagnostics for those that have the wrong type."""

from collections.abc import Iterator

from fairlead.core.durations import parse_duration, say_duration
from fairlead.core.workflow import TIMEOUT_S_MAX
from fairlead.workflow.keys import Keys
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Entry, Node, texts_of


def _describe(node: Node) -> str:
    """What a value is, as a sentence says it."""
    if node.kind != "scalar":
        return f"a {node.kind}"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return f"the boolean {str(node.value).lower()}"
    return "text" if node.is_text else f"the number {node.value}"


class Fields:
    """Reads values from the tree of one file. Whatever does not fit is noted in `source`, and `None` comes back."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def wrong(self, node: Node, place: str, expected: str, hint: str) -> None:
        """Note that *node*, which stands at *place*, is not what was *expected* there."""
        message = f"`{place}`: expected {expected}, this is {_describe(node)}"
        self.source.add("FL-W020", message, node.start, node.end, hint)

    def mapping(self, node: Node, place: str, keys: Keys) -> dict[str, Entry] | None:
        """The entries of a mapping with only known keys; keys that are not known, or not performed yet, are noted."""
        if node.kind != "mapping":
            if place:
                self.wrong(node, place, "a mapping", f"write its keys below `{place}:`, indented by two spaces")
            else:
                said = f"{keys.what} is a mapping of keys to values, this is {_describe(node)}"
                hint = f"begin with `{keys.performed[0]}:`, and write each key on a line of its own"
                self.source.add("FL-W020", said, node.start, node.end, hint)
            return None
        known = {}
        for name, entry in node.entries.items():
            if name in keys.performed:
                known[name] = entry
            elif name in keys.later:
                self.source.add(
                    "FL-W110",
                    f"`{name}` of {keys.what} is known, but this build does not perform it yet",
                    entry.key.start,
                    entry.key.end,
                    "remove it, or keep it for later as "
                    + f"`x-{name}`" * keys.takes_extra
                    + "a comment" * (not keys.takes_extra),
                )
            elif not (keys.takes_extra and name.startswith("x-")):
                known_names = (*keys.performed, *keys.later)
                self.source.add(
                    "FL-W021",
                    f"{keys.what} has no key `{name}`",
                    entry.key.start,
                    entry.key.end,
                    self.source.did_you_mean(name, known_names, f"{keys.what} may have: {', '.join(keys.performed)}"),
                )
        return known

    def text(self, node: Node, place: str, *, length_max: int = 1_000, may_refer: bool = False) -> str | None:
        """A text that is not empty."""
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
        if not may_refer:
            self.refuse_references(node, place)
        return value

    def refuse_references(self, node: Node, place: str) -> None:
        """Note every `${` in *node*: at *place* nothing fills it in, and it may not stay as literal text."""
        for text in texts_of(node):
            if "${" in str(text.value):
                self.source.add(
                    "FL-E007",
                    f"`{place}` is fixed when the file is read, so no `${{ }}` can stand in it",
                    text.start,
                    text.end,
                    "references can stand in `with`, `run` and `outputs`",
                )

    def boolean(self, node: Node, place: str) -> bool | None:
        if isinstance(node.value, bool):
            return node.value
        self.wrong(node, place, "true or false", "write `true` or `false` without quotes")
        return None

    def integer(self, node: Node, place: str, least: int, most: int) -> int | None:
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            self.wrong(node, place, "a whole number", f"write a number from {least} to {most:,} without quotes")
            return None
        if not least <= node.value <= most:
            self.source.add(
                "FL-W024",
                f"`{place}` is {node.value}; it must lie between {least} and {most:,}",
                node.start,
                node.end,
                f"write a number from {least} to {most:,}",
            )
            return None
        return node.value

    def items(self, node: Node, place: str) -> Iterator[Node]:
        """The items of a list."""
        if node.kind != "list":
            self.wrong(node, place, "a list", f"write each item on its own line below `{place}:`, after `- `")
            return
        yield from node.items

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

    def timeout(self, node: Node, place: str) -> float | None:
        """A time limit in seconds."""
        seconds = parse_duration(str(node.value)) if node.is_text else None
        if seconds is None:
            said = (
                f"write `{node.value}s` for seconds"
                if isinstance(node.value, int)
                else "write for example `90s`, `10m` or `1h`"
            )
            message = f"`{place}`: expected a duration, this is {_describe(node)}"
            if node.is_text:
                message = f"`{place}`: `{str(node.value)[:40]}` is no duration"
            self.source.add("FL-W026", message, node.start, node.end, said, label="number and unit: ms, s, m, h")
            return None
        if not 0 < seconds <= TIMEOUT_S_MAX:
            self.source.add(
                "FL-W027",
                f"`{place}` is {node.value}; it must be more than 0 and at most {say_duration(TIMEOUT_S_MAX)}",
                node.start,
                node.end,
                f"write at most `{say_duration(TIMEOUT_S_MAX)}`, and split what takes longer",
            )
            return None
        return seconds
