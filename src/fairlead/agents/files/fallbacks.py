"""Who takes over for whom: every name must be an agent, and nobody takes over for itself, however indirectly."""

from collections.abc import Iterator

from fairlead.agents.cards import BadCard
from fairlead.agents.catalog import FileCatalog
from fairlead.agents.files.values import nearest
from fairlead.agents.own.definitions import Definition

_KEY = "fairlead.fallback"


def fallback_problems(catalog: FileCatalog, one: Definition) -> Iterator[BadCard]:
    """What is wrong with the `fallback` of an agent."""
    for name in one.card.fallback:
        if catalog.known(name) is None:
            said = f"there is no agent named `{name[:63]}` to take over"
            hint = nearest(name, tuple(catalog.names())) or "`fairlead agents list` shows those there are"
            yield BadCard("FL-A041", said, key=_KEY, hint=hint)
    circle = _circle(catalog, one.card.name)
    if circle:
        said = f"nobody is left to take over: {' → '.join(circle)}"
        yield BadCard("FL-A040", said, key=_KEY, hint=f"take `{circle[-1]}` out of the `fallback` of `{circle[-2]}`")


def _circle(catalog: FileCatalog, name: str) -> list[str]:
    """The names from *name* back to itself; none when no way leads back."""
    waiting = [[name]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        card = catalog.known(path[-1])
        for following in card.fallback if card is not None else ():
            if following == name:
                return [*path, name]
            if following not in seen:
                seen.add(following)
                waiting.append([*path, following])
    return []
