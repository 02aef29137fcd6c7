"""What a person lets happen unasked in one project: kept for the person, outside of every checkout."""

import hashlib
import json
import os
import secrets

import msgspec


class Permission(msgspec.Struct, frozen=True):
    """One thing that is allowed: a kind of effect, or `self`."""

    what: str
    by: str
    since: str  # the day in UTC
    reason: str = ""


def read_permissions(data_dir: str, state_dir: str) -> tuple[Permission, ...]:
    """What the person allows for the project whose record lies in *state_dir*. What cannot be read allows nothing."""
    try:
        with open(_path(data_dir, state_dir), "rb") as file:
            found = msgspec.json.decode(file.read(1_000_000), type=dict[str, str | list[Permission]])
    except (OSError, msgspec.DecodeError):
        return ()
    allowed = found.get("allowed")
    if found.get("project") != os.path.realpath(state_dir) or not isinstance(allowed, list):
        return ()
    return tuple(allowed)


def write_permissions(data_dir: str, state_dir: str, allowed: tuple[Permission, ...]) -> None:
    """Keep exactly these.

    Raises:
        OSError: the data directory cannot be written.
    """
    path = _path(data_dir, state_dir)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    beside = f"{path}.{secrets.token_hex(4)}"
    said = {"project": os.path.realpath(state_dir), "allowed": [msgspec.to_builtins(one) for one in allowed]}
    with open(beside, "x", encoding="utf-8") as file:
        json.dump(said, file, indent=2)
        file.write("\n")
    os.replace(beside, path)


def _path(data_dir: str, state_dir: str) -> str:
    name = hashlib.sha256(os.fsencode(os.path.realpath(state_dir))).hexdigest()[:16]
    return os.path.join(data_dir, "permissions", f"{name}.json")
