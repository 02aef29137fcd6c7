"""The files of the tree: what language each is, and its text."""

import codecs
import io
import re
import tokenize

# Languages that we do not read: named and counted, never called clean.
_NOT_CHECKED: dict[str, str] = {
    suffix: language
    for language, suffixes in {
        "C": ".c .h",
        "C++": ".cc .cpp .cxx .hpp .hh",
        "C#": ".cs",
        "Dart": ".dart",
        "Elixir": ".ex .exs",
        "Go": ".go",
        "Groovy": ".groovy .gradle",
        "HTML template": ".html .htm .jinja .jinja2 .j2 .erb",
        "Haskell": ".hs",
        "Java": ".java",
        "Jupyter notebook": ".ipynb",
        "Kotlin": ".kt .kts",
        "Lua": ".lua",
        "Objective-C": ".m .mm",
        "PHP": ".php",
        "Perl": ".pl .pm",
        "PowerShell": ".ps1",
        "R": ".r",
        "Ruby": ".rb",
        "Rust": ".rs",
        "SQL": ".sql",
        "Scala": ".scala",
        "Shell": ".sh .bash .zsh",
        "Svelte": ".svelte",
        "Swift": ".swift",
        "Terraform": ".tf",
        "Vue": ".vue",
        "Cython": ".pyx .pxd",
    }.items()
    for suffix in suffixes.split()
}

_TESTS = re.compile(
    r"^t/|(^|/)(tests?|__tests__|specs?|e2e|testdata|test_data|fixtures|conftest\.py|test_[^/]*|[^/]*_tests?\.\w+"
    r"|[^/]*\.(test|spec)\.\w+)(/|$)",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(
    r"(^|/)(examples?|samples?|demos?|docs?|documentation|tutorials?|bench|benchmarks?)(/|$)", re.IGNORECASE
)


def language_not_checked(path: str) -> str | None:
    """The language of *path*, if it is one that nobody here reads."""
    _, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return _NOT_CHECKED.get(dot + suffix.lower()) if dot else None


def is_test(path: str) -> bool:
    """Whether the path says that the file is a test, or serves one."""
    return _TESTS.search(path) is not None


def is_example(path: str) -> bool:
    """Whether the path says that the file shows something rather than does it."""
    return _EXAMPLES.search(path) is not None


def decode(data: bytes, is_python: bool) -> tuple[str, bool]:
    """The text of a file without its byte order mark, and whether it is UTF-8.

    Python says by its coding line how it is written; anything else that is not UTF-8 is read as Latin-1, which knows
    every byte.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not is_python:
        return data.decode("utf-16", "replace").removeprefix("\ufeff"), False
    name = "utf-8-sig"
    if is_python:
        try:
            name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except (SyntaxError, LookupError):
            name = "latin-1"
    try:
        text = data.decode("utf-8-sig" if name in ("utf-8", "utf-8-sig") else name)
        return text, name in ("utf-8", "utf-8-sig")
    except (UnicodeDecodeError, LookupError, ValueError):
        return data.decode("latin-1"), False
