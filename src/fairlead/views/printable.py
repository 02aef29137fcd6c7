"""Foreign text as one line of harmless characters, for every sink that has no escapes of its own for them."""


def printable(text: str) -> str:
    r"""*text* on one line: whatever a reader would obey, hide or refuse is written as `\xNN` or `\uNNNN`.

    What remains can stand in XML 1.0 too: all characters that it forbids are ones that do not print.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(number: int) -> str:
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
