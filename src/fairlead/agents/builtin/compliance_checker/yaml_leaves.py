"""YAML as a list of its scalars, each with the keys that lead to it and its line. Nothing is constructed."""

from collections.abc import Iterator
from typing import NamedTuple

DEPTH_MAX = 100


class Leaf(NamedTuple):
    """A scalar value. Places in a list are keys too: `jobs`, `test`, `steps`, `0`, `uses`."""

    keys: tuple[str, ...]
    value: str
    line: int


class NotYaml(Exception):
    """The text is not YAML; the message says where it departs."""


class _Level:
    """A collection that is being read."""

    def __init__(self, is_mapping: bool) -> None:
        self.is_mapping = is_mapping
        self.key: str | None = None
        self.count = -1

    def begin_value(self) -> str:
        if self.is_mapping:
            return self.key or ""
        self.count += 1
        return str(self.count)


def leaves(text: str) -> Iterator[Leaf]:
    """Every scalar value of *text* in its order. An alias gives nothing: what it stands for was given before.

    Raises:
        NotYaml: it cannot be read to its end; what was given before holds.
    """
    import yaml

    loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    levels: list[_Level] = []
    path: list[str] = []
    try:
        for event in yaml.parse(text, loader):
            if isinstance(event, yaml.CollectionEndEvent):
                levels.pop()
                if levels:
                    path.pop()
                    levels[-1].key = None
            elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent | yaml.CollectionStartEvent):
                top = levels[-1] if levels else None
                if top is not None and top.is_mapping and top.key is None:
                    top.key = str(event.value) if isinstance(event, yaml.ScalarEvent) else "?"
                    if isinstance(event, yaml.CollectionStartEvent):
                        raise NotYaml("has a key that is a collection")
                    continue
                name = top.begin_value() if top is not None else ""
                if isinstance(event, yaml.CollectionStartEvent):
                    if top is not None:
                        path.append(name)
                    levels.append(_Level(isinstance(event, yaml.MappingStartEvent)))
                    if len(levels) > DEPTH_MAX:
                        raise NotYaml(f"is deeper than {DEPTH_MAX} levels")
                    continue
                if isinstance(event, yaml.ScalarEvent):
                    # The stubs tell the marks of the two loaders apart, which are alike.
                    line: int = event.start_mark.line  # type: ignore[union-attr]
                    yield Leaf((*path, name), str(event.value), line + 1)
                if top is not None:
                    top.key = None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}" if mark else ""
        raise NotYaml(f"is not valid YAML{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise NotYaml(f"is not valid YAML: {type(error).__name__}") from None
