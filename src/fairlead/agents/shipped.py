"""The workflows that ship with Fairlead. They are ordinary files: whoever wants another one copies and changes it."""

from pathlib import Path

# Not `importlib.resources`: it would add 15 ms to every start of `fairlead review`. A wheel is always unpacked.
_FOLDER = Path(__file__).parent / "workflows"


def shipped_workflows() -> tuple[str, ...]:
    """The names of all of them, in alphabetical order."""
    return tuple(sorted(file.stem for file in _FOLDER.iterdir() if file.suffix == ".yaml"))


def shipped_workflow(name: str) -> bytes | None:
    """The file of the workflow *name*, or `None` if no such one ships."""
    return (_FOLDER / f"{name}.yaml").read_bytes() if name in shipped_workflows() else None
