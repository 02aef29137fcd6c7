"""What well-known functions and methods do with a value: hand it on, make a number of it, or look at it closely."""

import ast
import re

# A look at a value that people write to keep a bad one out. What was looked at counts as "not proven" from there on.
_CHECKING = re.compile(
    r"(^|_)(is|has|valid|validate|safe|allow|allowed|check|ensure|verify|match|fullmatch|permitted)(_|$)"
)
CHECKING_METHODS = frozenset(
    {"startswith", "isdigit", "isalnum", "isidentifier", "isalpha", "isdecimal", "is_relative_to"}
)

# Methods whose answer is as dangerous as the thing itself.
PASSING_METHODS = frozenset(
    "strip lstrip rstrip lower upper title capitalize casefold swapcase encode decode replace split rsplit splitlines "
    "partition rpartition ljust rjust center zfill expandtabs removeprefix removesuffix translate "
    "get getlist getone getall pop items values keys copy dict to_dict setdefault popitem read readline readlines "
    "model_dump lists first".split()
)
NUMBERS = frozenset("int float bool complex len ord hash id abs round isinstance issubclass callable".split())
PASSING_CALLS = frozenset(
    "str bytes repr list tuple set frozenset dict sorted reversed iter next min max enumerate zip filter "
    "bytearray memoryview os.fspath os.path.expanduser os.path.expandvars os.path.normpath os.path.abspath "
    "os.path.realpath os.path.splitext pathlib.Path pathlib.PurePath pathlib.PosixPath io.BytesIO io.StringIO "
    "base64.b64decode base64.urlsafe_b64decode base64.standard_b64decode base64.b16decode base64.decodebytes "
    "binascii.unhexlify binascii.a2b_base64 bytes.fromhex zlib.decompress gzip.decompress codecs.decode "
    "urllib.parse.unquote urllib.parse.unquote_plus urllib.parse.urljoin json.loads textwrap.dedent "
    "django.utils.encoding.force_str django.utils.encoding.smart_str typing.cast".split()
)


def is_check(name: str) -> bool:
    """Whether a function called *name* looks closely at its arguments."""
    return name not in ("check_call", "check_output") and _CHECKING.search(name) is not None


def last_name(node: ast.expr) -> str:
    """The last part of a name: `join` of `os.path.join`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
