"""`@agent`: what a Python function says of itself, so that it can be listed, checked and called by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

_F = TypeVar("_F", bound=Callable[..., Any])  # Any: an agent's function may take and give whatever its types say

MARK = "__fairlead_agent__"  # the attribute of a decorated function that holds its `Marked`


class Marked(msgspec.Struct, frozen=True):
    """What the decorator was given."""

    name: str
    version: str = "1"
    title: str = ""
    reads: tuple[str, ...] = ("**",)
    writes: tuple[str, ...] = ()
    deterministic: bool = False
    timeout: str = ""
    memory: str = ""
    tags: tuple[str, ...] = ()


# The arguments of the decorator, in the order in which messages name them.
ARGUMENTS = Marked.__struct_fields__


def agent(
    *,
    name: str,
    version: str = "1",
    title: str = "",
    reads: Sequence[str] = ("**",),
    writes: Sequence[str] = (),
    deterministic: bool = False,
    timeout: str = "",
    memory: str = "",
    tags: Sequence[str] = (),
) -> Callable[[_F], _F]:
    """Make the function below an agent that workflows call by *name*. The function itself stays as it is.

    *reads* are the files that it is given, as patterns; *writes* those that it changes, in a copy of its own.
    *deterministic* means that equal inputs give equal answers, which `fairlead agents test` then checks. *timeout* is a
    duration such as "10m", *memory* an amount such as "512 MB".

        @agent(name="word-finder", version="1", reads=["**/*.py"], deterministic=True)
        def word_finder(ctx: Context, *, words: list[str] = ["print"]) -> Findings:
            ...
    """
    given: Mapping[str, object] = {
        "name": name,
        "version": version,
        "title": title,
        "reads": reads,
        "writes": writes,
        "deterministic": deterministic,
        "timeout": timeout,
        "memory": memory,
        "tags": tags,
    }
    try:
        marked = msgspec.convert(given, Marked)
    except msgspec.ValidationError as error:
        raise TypeError(f"@agent(...): {error}") from None

    def mark(function: _F) -> _F:
        setattr(function, MARK, marked)
        return function

    return mark
