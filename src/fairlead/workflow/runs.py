"""The `run` of a step: a text that is split into words, or a list of words."""

from fairlead.core.references import references_in
from fairlead.workflow.fields import Fields
from fairlead.workflow.source import Edit
from fairlead.workflow.words import Trouble, Words, script_word, shell_fix, split_words
from fairlead.workflow.yaml_tree import Node

TEXT_MAX = 50_000
PROGRAM_MAX = 1_000  # characters of the first word
ARGUMENT_MAX = 5_000
ARGUMENTS_MAX = 256


def read_argv(fields: Fields, node: Node) -> tuple[str, ...]:
    """The words of the program, references still in them; empty when something is wrong."""
    source = fields.source
    if node.kind == "list":
        words = tuple(fields.text(item, "run", length_max=TEXT_MAX, moment="item") or "" for item in node.items)
        if not node.items:
            source.add("FL-W118", "`run` has no program", node.start, node.end, "write the program and its arguments")
    else:
        if not node.is_text:
            fields.wrong(node, "run", "a text or a list of words", "write the program and its arguments")
            return ()
        text = fields.text(node, "run", length_max=TEXT_MAX, moment="item")
        if text is None:
            return ()
        split = split_words(text)
        words = split.words
        _note_troubles(fields, node, text, split)
    _check_sizes(fields, node, words)
    script = script_word(words)
    if script is not None and references_in(words[script]):
        source.add(
            "FL-W120",
            f"a value inside the script of `{words[0]} -c` would be read as code",
            node.start,
            node.end,
            """hand it over as a parameter: run: bash -c 'echo "$1"' bash ${ inputs.name }""",
        )
    return words


def _note_troubles(fields: Fields, node: Node, text: str, split: Words) -> None:
    """One diagnostic for all that needs a shell, and one for each quote."""
    shell = [trouble for trouble in split.troubles if trouble.kind == "shell"]
    if shell and len(shell) == len(split.troubles):  # with an open quote it is not known what stands outside quotes
        first = shell[0]
        others = f" and {len(shell) - 1} more" if len(shell) > 1 else ""
        start, end = _place(fields, node, text, first)
        fields.source.add(
            "FL-W116",
            f"{first.what}{others} need{'' if others else 's'} a shell, and `run` starts the program without one",
            start,
            end,
            fix := shell_fix(text),
            "put the character in quotes to hand it to the program as it is",
            edit=None if fields.is_in_flow(node) else Edit(node.start, node.end, fix.removeprefix("run: ")),
        )
    for trouble in split.troubles:
        if trouble.kind == "quote":
            start, end = _place(fields, node, text, trouble)
            fields.source.add("FL-W117", trouble.what, start, end, "close it, or put a backslash before it")


def _place(fields: Fields, node: Node, text: str, trouble: Trouble) -> tuple[int, int]:
    """Where a piece of the text stands in the file; the whole value when it is written in another way there."""
    written = fields.source.text[node.start : node.end]
    if node.is_plain and written.startswith(text):
        return node.start + trouble.start, node.start + trouble.end
    if not node.is_plain and written[1:].startswith(text):
        return node.start + 1 + trouble.start, node.start + 1 + trouble.end
    return node.start, node.end


def _check_sizes(fields: Fields, node: Node, words: tuple[str, ...]) -> None:
    said, hint = "", "put it into a script file and run that"
    if words and len(words[0]) > PROGRAM_MAX:
        said = f"the program's name has more than {PROGRAM_MAX:,} characters"
    elif any(len(word) > ARGUMENT_MAX for word in words):
        said = f"an argument has more than {ARGUMENT_MAX:,} characters"
    elif len(words) > ARGUMENTS_MAX + 1:
        said = f"the program has more than {ARGUMENTS_MAX} arguments"
    elif words and not words[0]:
        said, hint = "the program's name is empty", "write the program first, then its arguments"
    if said:
        fields.source.add("FL-W118", said, node.start, node.end, hint)
