"""Which shape a description asks for, by the words in it: no model, and the same answer for the same text.

The words are data. Whole words count, in any case; a word counts once, however often it stands there.
"""

import re

import msgspec

from fairlead.core.shapes import Shape

DESCRIPTION_CHARACTERS_MAX = 10_000

# In the order in which equal scores are decided; what matches nothing is sequential.
_SHAPE_WORDS: dict[Shape, tuple[str, ...]] = {
    "parallel": ("independent", "concurrent", "multiple"),
    "sequential": ("then", "afterwards", "in order"),
    "conditional": ("if", "condition", "decision", "validate"),
    "iterative": ("optimize", "iterate", "repeat", "until"),
    "pipeline": ("transform", "stage", "process", "extract"),
}
_MIGRATION = re.compile(r"\b(?:migrat(?:e|es|ion|ions|ing)|schema changes?|backfill)\b", re.IGNORECASE)
_SYSTEMS = (
    *("github", "gitlab", "slack", "jira", "email", "webhook", "database", "s3", "kafka", "redis", "postgres"),
    *("mysql", "stripe", "kubernetes", "api"),
)
_FILES = re.compile(r"\b(\d{1,4}) files?\b|(?<![\w./-])[\w-]+(?:/[\w.-]+)*\.[a-z]{1,4}\b", re.IGNORECASE)
_MODULES = re.compile(r"\b(\d{1,3}) (?:modules?|packages?|services?)\b|\bthe (?:module|package) \w+", re.IGNORECASE)
_CLASSES = ((10, "trivial"), (25, "small"), (50, "medium"), (75, "large"), (101, "epic"))
SPLIT_ABOVE = 75  # the draft then holds a `choose` that splits the work


class Effort(msgspec.Struct, frozen=True):
    """How large the work is, from what the description names: a rule of thumb, shown with its parts."""

    score: int
    size: str  # trivial, small, medium, large, epic or mega
    parts: dict[str, int]


class Suggestion(msgspec.Struct, frozen=True):
    """The shape that a description asks for, and why."""

    shape: Shape
    reason: str
    scores: dict[str, int]
    words: dict[str, tuple[str, ...]]  # those that were found, by shape
    effort: Effort


def suggest(description: str) -> Suggestion:
    """The shape with the most words; of equal ones the first in the order of the table."""
    words = {shape: tuple(word for word in known if _holds(description, word)) for shape, known in _SHAPE_WORDS.items()}
    scores = {shape: len(found) for shape, found in words.items()}
    most = max(scores.values())
    shape: Shape = next(shape for shape in _SHAPE_WORDS if scores[shape] == most) if most else "sequential"
    return Suggestion(
        shape,
        _reason(shape, words, scores),
        {str(known): score for known, score in scores.items()},
        {known: found for known, found in words.items() if found},
        _effort(description),
    )


def _holds(description: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", description, re.IGNORECASE) is not None


def _reason(shape: Shape, words: dict[Shape, tuple[str, ...]], scores: dict[Shape, int]) -> str:
    if not scores[shape]:
        return "no word of the table stands in it, so the steps come one after the other"
    said = f"{', '.join(f'`{word}`' for word in words[shape])} {'says' if scores[shape] == 1 else 'say'} {shape}"
    equal = [other for other, score in scores.items() if score == scores[shape] and other != shape]
    return f"{said}; {' and '.join(equal)} would count as much, and {shape} comes first" if equal else said


def _effort(description: str) -> Effort:
    files = sum(int(found[1]) if found[1] else 1 for found in _FILES.finditer(description))
    modules = sum(int(found[1]) if found[1] else 1 for found in _MODULES.finditer(description))
    parts = {
        "files": files,
        "modules": 3 * modules,
        "data migration": 15 * bool(_MIGRATION.search(description)),
        "outside systems": 8 * sum(1 for system in _SYSTEMS if _holds(description, system)),
        "open questions": 2 * description.count("?"),
    }
    score = sum(parts.values())
    size = next((name for below, name in _CLASSES if score < below), "mega")
    return Effort(score, size, {name: points for name, points in parts.items() if points})
