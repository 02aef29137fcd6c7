"""The file that is mended: its text as the scanners read it, its bytes as they were written, and the difference."""

import codecs
import io
import tokenize

import msgspec

from fairlead.agents.builtin.patcher_rules.source import NoFix
from fairlead.agents.builtin.security import sources
from fairlead.agents.hiding import hidden
from fairlead.core.outcomes import Succeeded
from fairlead.core.patch_texts import CONTEXT_LINES, BadPatch, make_patch
from fairlead.core.tools import ToolWorld, Unreadable


class TextFile(msgspec.Struct, frozen=True):
    """A text and how it is written down."""

    path: str  # as `os.fsdecode` gives it
    data: bytes
    text: str  # without the mark of the byte order
    encoding: str
    mark: bytes

    @classmethod
    def read(cls, world: ToolWorld, path: str, *, is_python: bool) -> "TextFile":
        """The file at *path*.

        Raises:
            NoFix: it cannot be read, or not be written back as it was.
        """
        try:
            data = world.read(path)
        except Unreadable as error:
            raise NoFix(f"The file cannot be read: {error}.", "FL-A162") from None
        text, is_utf8 = sources.decode(data, is_python)
        mark = codecs.BOM_UTF8 if is_utf8 and data.startswith(codecs.BOM_UTF8) else b""
        file = cls(path, data, text, "utf-8" if is_utf8 else _encoding_of(data, is_python), mark)
        if file.encoded(text) != data:
            raise NoFix("The file is not written in an encoding that can be kept.", "FL-A162")
        return file

    def encoded(self, text: str) -> bytes:
        """*text* as the bytes of this file."""
        try:
            return self.mark + text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return b""


def patch_of(file: TextFile, text: str) -> str:
    """The difference that makes *text* of *file*. Fewer lines around it are shown where one of them must not be.

    Raises:
        NoFix: a changed line, or one beside it, holds a credential or bytes that are not UTF-8.
    """
    before = file.data.decode("utf-8", "surrogateescape")
    after = file.encoded(text).decode("utf-8", "surrogateescape")
    for context in (CONTEXT_LINES, 1):
        try:
            made = make_patch(file.path, before, after, context=context)
        except BadPatch:
            continue
        if hidden(Succeeded({"patch": made})).output == {"patch": made}:
            return made
    raise NoFix(
        "A credential, or bytes that are not UTF-8, stand beside the change: a patch would repeat them.", "FL-A162"
    )


def _encoding_of(data: bytes, is_python: bool) -> str:
    if not is_python:
        return "latin-1"
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except (SyntaxError, LookupError):
        return "latin-1"
