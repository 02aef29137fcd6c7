"""The data that the inventory compares a tree with: package data, read once."""

from functools import cache

from fairlead.core.json import Json


@cache
def table(name: str) -> dict[str, Json]:
    """The table `builtin/rules/inventory-NAME.toml`."""
    # Both are imported only here: listing agents must not pay for them.
    import tomllib
    from importlib.resources import files

    text = files("fairlead.agents.builtin").joinpath("rules", f"inventory-{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
