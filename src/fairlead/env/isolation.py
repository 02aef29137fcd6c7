"""Whether a person wants a project's programs isolated: kept with the person's data, never where the project lies.

A file of the project, or a directory that came with it, must not be able to switch isolation off: what counts lies in
the person's own data directory, under the digest of where the project's record lies.
"""

import hashlib
import json
import os
import secrets

import msgspec


class Isolation(msgspec.Struct, frozen=True):
    """What a person has set for one project."""

    is_off: bool = False
    by: str = ""
    since: str = ""  # the day in UTC
    reason: str = ""
    path: str = ""  # of the file that says so
    problem: str = ""  # why that file says nothing; isolation is then on


def read_isolation(data_dir: str, state_dir: str) -> Isolation:
    """The setting for the project whose record lies in *state_dir*. What cannot be read switches nothing off."""
    path = _path(data_dir, state_dir)
    try:
        with open(path, "rb") as file:
            found = msgspec.json.decode(file.read(10_000), type=dict[str, str])
    except FileNotFoundError:
        return Isolation(path=path)
    except (OSError, msgspec.DecodeError) as error:
        return Isolation(path=path, problem=f"it cannot be read: {error}")
    if found.get("project") != os.path.realpath(state_dir) or found.get("isolation") != "none":
        return Isolation(path=path, problem="it speaks of something else")
    return Isolation(True, found.get("by", ""), found.get("since", ""), found.get("reason", ""), path)


def switch_isolation_off(data_dir: str, state_dir: str, by: str, since: str, reason: str) -> None:
    """Write down that this project's programs run without isolation.

    Raises:
        OSError: the data directory cannot be written.
    """
    path = _path(data_dir, state_dir)
    said = {"project": os.path.realpath(state_dir), "isolation": "none", "by": by, "since": since, "reason": reason}
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    beside = f"{path}.{secrets.token_hex(4)}"
    with open(beside, "x", encoding="ascii") as file:
        json.dump(said, file, indent=2)
        file.write("\n")
    os.replace(beside, path)


def switch_isolation_on(data_dir: str, state_dir: str) -> None:
    """Take it back; nothing happens when it was on.

    Raises:
        OSError: the file cannot be removed.
    """
    try:
        os.unlink(_path(data_dir, state_dir))
    except FileNotFoundError:
        pass


def _path(data_dir: str, state_dir: str) -> str:
    name = hashlib.sha256(os.fsencode(os.path.realpath(state_dir))).hexdigest()[:16]
    return os.path.join(data_dir, "isolation", f"{name}.json")
