"""Labels: names and values that people give a run, so that they find it again."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fairlead.core.errors import error

LABELS_MAX = 32
VALUE_CHARACTERS_MAX = 256
OURS = "fairlead."  # what begins so is given by Fairlead itself, to runs that are means to an end
BASELINE = OURS + "baseline"  # a run made to compare with, shown only when asked for; its value is the commit
# What a run was compared with when somebody asked for that: "origin/main @ 4f2c1e9", the commit, and the run over it.
BASE_NAME = OURS + "base"
BASE_COMMIT = OURS + "base-commit"
BASELINE_RUN = OURS + "baseline-run"

NO_LABELS: Mapping[str, str] = MappingProxyType({})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,62}", re.ASCII)


def read_labels(texts: Sequence[str]) -> dict[str, str]:
    """Labels as they are typed, `name=value`.

    Raises:
        FairleadError: FL-S061 with what is wrong with the first wrong one.
    """
    labels: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        why = ""
        if not equals or not _NAME.fullmatch(name):
            why = "a label is NAME=VALUE; a name has letters, digits and . _ / -, at most 63"
        elif name.startswith(OURS):
            why = f"names that begin with {OURS} are given by fairlead itself"
        elif len(value) > VALUE_CHARACTERS_MAX:
            why = f"its value has {len(value)} characters; a label takes {VALUE_CHARACTERS_MAX}"
        elif labels.get(name, value) != value:
            why = f"{name} is given twice with different values"
        if why:
            raise error("FL-S061", f"{text[:80]!r} is no label: {why}", "--label branch=main", exit_code=2)
        labels[name] = value
    if len(labels) > LABELS_MAX:
        raise error("FL-S061", f"{len(labels)} labels; a run takes {LABELS_MAX}", "give fewer", exit_code=2)
    return labels


def without_ours(labels: Mapping[str, str]) -> dict[str, str]:
    """Only those that a person gave."""
    return {name: value for name, value in labels.items() if not name.startswith(OURS)}


def kept_for_another(labels: Mapping[str, str]) -> dict[str, str]:
    """What a run that does another one again has too: what a person gave it, and what it was compared with."""
    compared = (BASE_NAME, BASE_COMMIT, BASELINE_RUN)
    return {name: value for name, value in labels.items() if name in compared or not name.startswith(OURS)}


def is_ours(labels: Mapping[str, str]) -> bool:
    """Whether the run is a means to an end of ours, and no person's."""
    return BASELINE in labels
