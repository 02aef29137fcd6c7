"""Values that are named and never shown: taken from the person's environment at the moment in which they are needed.

`{secret: NAME}` stands for the value of the variable NAME, `{secret: NAME, prefix: "Bearer "}` for the same behind a
fixed text. What comes back is looked through for the values, as they are and in the forms in which servers repeat them.
"""

import base64
import json
import os
import re
from collections.abc import Callable
from urllib.parse import quote

from fairlead.core.json import Json
from fairlead.env.effects.refusals import Refused

CHARACTERS_MIN = 8  # a shorter one could not be taken out of an answer without taking other words with it
CHARACTERS_MAX = 4_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")


def is_secret(value: Json) -> bool:
    """Whether *value* names a secret."""
    return (
        isinstance(value, dict)
        and value.keys() <= {"secret", "prefix"}
        and isinstance(value.get("secret"), str)
        and bool(_NAME.fullmatch(value["secret"]))
        and isinstance(value.get("prefix", ""), str)
    )


def names_in(value: Json) -> list[str]:
    """The names of all secrets in *value*, at any depth, in its order."""
    if is_secret(value):
        return [value["secret"]]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return list(dict.fromkeys(name for one in inner for name in names_in(one)))


def hidden(value: Json) -> Json:
    """*value* as a person may see it."""
    return _with(value, lambda name: f"‹secret {name}›")


def revealed(value: Json, secrets: dict[str, str]) -> Json:
    """*value* as it is sent."""
    return _with(value, secrets.__getitem__)


def look_up(names: list[str]) -> dict[str, str]:
    """The values of these variables.

    Raises:
        Refused: FL-R343 one is not set, or cannot be kept out of what is recorded.
    """
    found = {}
    for name in names:
        value = os.environ.get(name, "")
        if not value:
            raise _unusable(name, "is not set")
        if not CHARACTERS_MIN <= len(value) <= CHARACTERS_MAX:
            raise _unusable(name, f"has less than {CHARACTERS_MIN} or more than {CHARACTERS_MAX:,} characters")
        if not value.isprintable():
            raise _unusable(name, "holds characters that cannot be sent, such as a line feed")
        found[name] = value
    return found


def masked(data: bytes, secrets: dict[str, str]) -> bytes:
    """*data* without the values: raw, as in JSON and in a URL, in hexadecimal digits and in base64."""
    forms = {form: name for name, value in secrets.items() for form in _forms(value)}
    for form in sorted(forms, key=len, reverse=True):  # what is a part of another must not break it up
        data = re.sub(re.escape(form), f"‹secret {forms[form]}›".encode(), data, flags=re.IGNORECASE)
    return data


def _forms(value: str) -> set[bytes]:
    raw = value.encode("utf-8", "surrogateescape")
    forms = {raw, json.dumps(value)[1:-1].encode(), quote(value, safe="").encode(), raw.hex().encode()}
    for offset in range(3):  # base64 of something that holds it: without the digits that its neighbours decide
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(b"\0" * offset + raw)
            start = -(-offset * 8 // 6)
            end = (offset + len(raw)) * 8 // 6
            forms.add(coded[start:end])
    return {form for form in forms if form}


def _with(value: Json, meaning: Callable[[str], str]) -> Json:
    if is_secret(value):
        return value.get("prefix", "") + meaning(value["secret"])
    if isinstance(value, dict):
        return {key: _with(one, meaning) for key, one in value.items()}
    return [_with(one, meaning) for one in value] if isinstance(value, list) else value


def _unusable(name: str, why: str) -> Refused:
    return Refused(
        "FL-R343",
        f"the secret {name} {why}",
        f"Set it in the environment that performs the run: `export {name}=…`.",
        fault="person",
        error="permission",
    )
