"""What libyaml says when it cannot read on, in words for the person who wrote the file."""

# Part of libyaml's sentence, message, hint. `{begin}` becomes the place where the open bracket stands.
_SAID = (
    (
        "mapping values are not allowed",
        "a colon followed by a space begins a mapping, and none can begin here",
        "put the text in quotes, or look at the indentation of the line above",
    ),
    ("cannot start any token", "no plain text begins with this character", "put the text in quotes"),
    (
        "did not find expected key",
        "a key is expected here",
        "look at the indentation of this line, or put the text in quotes",
    ),
    (
        "did not find expected '-' indicator",
        "the list above goes on here with something that is no item",
        "indent the line, or begin it with `- `",
    ),
    ("did not find expected ',' or ']'", "the list that began at {begin} does not go on here", "add a comma or `]`"),
    ("did not find expected ',' or '}'", "the mapping that began at {begin} does not go on here", "add a comma or `}`"),
    ("expected node content", "a value is expected here", "write one, or close the bracket before it"),
    ("unexpected end of stream", "the quoted text is not closed", "add the missing quote"),
    ("could not find expected ':'", "a key without a colon", "add `:` after the key"),
    ("unknown escape", "no such escape between double quotes", "double the backslash, or use single quotes"),
    ("escape code", "no such character", "write the character itself"),
    ("duplicate anchor", "the anchor has been used before", "give it another name"),
)


def plain_words(problem: str, context: str) -> tuple[str, str]:
    """A message and a hint for what libyaml calls *problem*."""
    for part, message, hint in _SAID:
        if part in problem:
            return message, hint
    said = f"{context}: {problem}" if context else problem
    return f"this is not YAML ({said})", "compare it with the example of `fairlead explain FL-W001`"
