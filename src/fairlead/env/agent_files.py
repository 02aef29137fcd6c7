"""The agent files of a project, read without following a link out of it."""

import os
from collections.abc import Iterator

from fairlead.core.tools import Unreadable
from fairlead.env.files import TreeReader

AGENT_FILE_BYTES_MAX = 256_000
FILES_MAX = 2_000  # of one folder
CODE_BYTES_MAX = 20_000_000  # of one folder together


def read_agent_folder(root: str, folder: str) -> Iterator[tuple[str, bytes, str]]:
    """Path from the root, content, and why it cannot be read, of each file directly in *folder*, by name.

    A file that lies elsewhere in the project may be named by a link; one that leads out of it is refused.
    """
    try:
        names = sorted(os.listdir(os.path.join(root, folder)))
    except OSError:
        return
    top = os.path.realpath(root)
    reader = TreeReader(top)
    room = CODE_BYTES_MAX
    try:
        for nth, name in enumerate(names):
            path = f"{folder}/{name}"
            full = os.path.join(root, path)
            if os.path.isdir(full) or name.startswith("."):
                continue
            if nth >= FILES_MAX or room <= 0:
                yield path, b"", f"the folder holds more than {FILES_MAX:,} files or {CODE_BYTES_MAX:,} bytes"
                return
            try:
                data = _read(reader, top, full)
            except Unreadable as error:
                yield path, b"", str(error)
            else:
                room -= len(data)
                yield path, data, ""
    finally:
        reader.close()


def is_inside(root: str, path: str) -> bool:
    """Whether *path* lies below *root* once every link on the way is followed."""
    return os.path.realpath(path).startswith(os.path.realpath(root).rstrip("/") + "/")


def _read(reader: TreeReader, top: str, full: str) -> bytes:
    real = os.path.realpath(full)
    if not real.startswith(top.rstrip("/") + "/"):
        raise Unreadable("it is a link that leads out of the project")
    return reader.read(os.path.relpath(real, top), AGENT_FILE_BYTES_MAX)
