"""The workflows that ship with Fairlead. They are ordinary files: whoever wants another one copies and changes it."""

from pathlib import Path

# Not `importlib.resources`: it would add 15 ms to every start of `fairlead review`. A wheel is always unpacked.
_FOLDER = Path(__file__).parent / "workflows"


def shipped_workflow(name: str) -> bytes | None:
    """The file of the workflow *name*, or `None` if no such one ships."""
    shipped = {file.stem: file for file in _FOLDER.iterdir() if file.suffix == ".yaml"}
    return shipped[name].read_bytes() if name in shipped else None


def workflow_template(file: str) -> bytes:
    """One file of the templates that `workflows new` writes."""
    return (_FOLDER / "templates" / file).read_bytes()
