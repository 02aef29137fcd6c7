"""No credential leaves an agent: whatever its answer quotes of a file is shown as the secret-scanner would show it.

A reviewer quotes the line that it speaks of, and a token can stand on that line too. The record keeps answers for long,
and every output repeats them, so this is the one place where they are masked, before anything is recorded.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded

_CHARACTERS_MIN = 8  # nothing shorter is a credential
# What is no text of anybody: digests of ours, and names by which things are found again.
_KEPT = frozenset(("fingerprint", "rule", "path", "severity", "origin", "commit", "digest"))
_EXCERPT = "excerpt"  # the texts that quote a line as it stands
_WORD = re.compile(r"[A-Za-z0-9+]{20,}={0,2}")
_DIGITS_MIN = 3  # in a word of chance; names that people write have fewer


def hidden(outcome: Outcome) -> Outcome:
    """*outcome* with every credential in its texts masked."""
    texts: dict[str, dict[str, str]] = {}
    _collect(outcome.output, "", texts)
    own = (outcome.summary, *outcome.degraded) if isinstance(outcome, Succeeded) else (outcome.message, outcome.hint)
    _collect(own, "", texts)
    masked = {name: found for name, known in texts.items() if (found := _masked(name, list(known)))}
    output = _replaced(outcome.output, "", masked)
    own = tuple(_replaced(own, "", masked))
    if isinstance(outcome, Succeeded):
        return msgspec.structs.replace(outcome, output=output, summary=own[0], degraded=own[1:])
    return msgspec.structs.replace(outcome, output=output, message=own[0], hint=own[1])


def _name_of(value: Mapping[str, Json], above: str) -> str:
    """What the file is called that the texts of *value* were taken from; its ending says how to read them."""
    path = value.get("path")
    if not isinstance(path, str):
        return above
    name = posixpath.basename(path)
    ending = posixpath.splitext(name)[1]
    return f"file{ending}" if ending else name


def _collect(value: Json, name: str, texts: dict[str, dict[str, str]]) -> None:
    if isinstance(value, str):
        if len(value) >= _CHARACTERS_MIN:
            texts.setdefault(name, {})[value] = value
    elif isinstance(value, Mapping):
        below = _name_of(value, name)
        for key, one in value.items():
            if key not in _KEPT:
                _collect(one, below, texts)
    elif isinstance(value, list | tuple):
        for one in value:
            _collect(one, name, texts)


def _replaced(value: Json, name: str, masked: Mapping[str, Mapping[str, str]]) -> Json:
    if isinstance(value, str):
        return masked.get(name, {}).get(value, value)
    if isinstance(value, Mapping):
        below = _name_of(value, name)
        told = {key: one if key in _KEPT else _replaced(one, below, masked) for key, one in value.items()}
        return told if _EXCERPT not in told else {**told, _EXCERPT: _without_chance(told[_EXCERPT])}
    if isinstance(value, list | tuple):
        return [_replaced(one, name, masked) for one in value]
    return value


def _masked(name: str, texts: Sequence[str]) -> dict[str, str]:
    """Those of *texts* that hold a credential, with their masks; all are searched at once, for most hold none."""
    from fairlead.agents.builtin.secret_scanner.formats import forms_for, hits_in
    from fairlead.agents.builtin.secret_scanner.masking import Lines

    whole = "\n".join(texts)
    hits = hits_in(whole, name, forms_for(whole.encode("utf-8", "replace")))
    if not hits:
        return {}
    lines = Lines(whole, [(hit.start, hit.end) for hit in hits])
    found: dict[str, str] = {}
    at = 0
    for text in texts:
        shown = lines.masked(at, at + len(text))
        at += len(text) + 1
        if shown != text:
            found[text] = shown
    return found


def _without_chance(excerpt: Json) -> Json:
    """A quoted line without its words of mere chance: here nothing names them a secret, elsewhere something may."""
    if not isinstance(excerpt, str) or not _WORD.search(excerpt):
        return excerpt
    from fairlead.agents.builtin.secret_scanner.judgement import looks_random
    from fairlead.agents.builtin.secret_scanner.masking import mask

    def shown(found: re.Match[str]) -> str:
        word = found[0]
        is_mixed = any(map(str.isupper, word)) and any(map(str.islower, word))
        is_chance = is_mixed and sum(map(str.isdigit, word)) >= _DIGITS_MIN and looks_random(word)
        return mask(word) if is_chance else word

    return _WORD.sub(shown, excerpt)
