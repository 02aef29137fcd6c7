"""Python: our own rules, with a small analysis of where values come from."""

import ast
import re
import unicodedata
import warnings
from collections.abc import Iterable

from fairlead.agents.builtin.security import (
    python_cleaners,
    python_credentials,
    python_data,
    python_injection,
    python_settings,
    python_sources,
)
from fairlead.agents.builtin.security.matches import Match, lines_of
from fairlead.agents.builtin.security.python_flow import Flow, Function
from fairlead.agents.builtin.security.python_names import Names
from fairlead.agents.builtin.security.python_sites import Check, Report, Site
from fairlead.agents.builtin.security.python_statements import follow
from fairlead.agents.builtin.security.python_values import ANY, Value

PARSE_CHARACTERS_MAX = 600_000  # the syntax tree takes about a hundred times this in bytes

# By the last part of a call's name. Several tables may know the same name.
_TABLES: tuple[dict[str, Check], ...] = (
    python_injection.SINKS,
    python_injection.SINKS_FOR_REQUESTS,
    python_injection.PROCESSES,
    python_data.CHECKS,
    python_settings.CHECKS,
    {"run": python_settings.server, "bind": python_settings.bind, "run_app": python_settings.server},
    {
        **dict.fromkeys(
            "get post put delete head patch options request stream Client AsyncClient".split(),
            python_settings.http_call,
        )
    },
    {**dict.fromkeys(("TCPConnector", "ClientSession", "ws_connect"), python_settings.http_call)},
    {"new": python_settings.weak_hash},
    {"new": python_settings.weak_cipher},
    {"decode": python_settings.jwt},
    python_cleaners.CLEANERS,
)
_CHECKS: dict[str, tuple[Check, ...]] = {
    name: tuple(table[name] for table in _TABLES if name in table) for name in {n for table in _TABLES for n in table}
}

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
# A file without any of these words cannot match a rule of the first kind …
_ALONE = frozenset(
    {
        *python_injection.SINKS,
        *python_data.CHECKS,
        *python_settings.CHECKS,
        "verify_mode",
        "check_hostname",
        "verify",
        "ssl",
    }
    | {"DEBUG", "debug", "_create_default_https_context", "CORS_ALLOW_CREDENTIALS", "hashlib", "Crypto", "Cryptodome"}
    | {"jwt", "bind", "shell", "uvicorn", "verify_ssl", "cert_reqs", "namelist", "getnames", "infolist", "getmembers"}
) - {
    "open",
    "load",
    "parse",
    "decode",
    "generate",
    "choice",
    "sample",
    "random",
    "text",
    "extra",
    "exec",
    "debug",
    "ssl",
}
# … and these, which are everywhere, only together with one of those.
_PAIRS: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (
        frozenset({"load", "load_all", "open", "decode"}),
        frozenset(
            "yaml pickle cPickle _pickle dill joblib marshal shelve torch numpy jsonpickle cloudpickle jwt jose".split()
        ),
    ),
    (frozenset({"parse", "fromstring"}), frozenset({"lxml"})),
    (frozenset({"generate", "generate_private_key"}), frozenset({"Crypto", "Cryptodome", "cryptography"})),
    (frozenset({"random"}), frozenset({"choice", "choices", "randint", "random", "sample", "randrange"})),
    (frozenset({"text"}), frozenset({"sqlalchemy"})),
    (frozenset({"extra"}), frozenset({"where", "tables", "select"})),
    (frozenset({"exec"}), frozenset({"exec"})),
    (frozenset({"debug"}), frozenset({"flask", "bottle", "quart", "sanic"})),
    (frozenset({"ssl"}), frozenset({"aiohttp", "CERT_NONE"})),
    (frozenset({"host"}), frozenset({"flask", "bottle", "quart", "aiohttp", "sanic"})),
)


def wants(path: str) -> bool:
    """Python source by its name."""
    return path.endswith((".py", ".pyw"))


def words_of(data: bytes) -> set[str]:
    """Every word of a source file: names, and the words inside its text."""
    if not data.isascii():
        # Python reads a name that is written with compatibility characters as its plain form.
        data = unicodedata.normalize("NFKC", data.decode("utf-8", "ignore")).encode("utf-8") + b" " + data
    return {word.decode("ascii") for word in set(_WORD.findall(data))}


def may_match(words: set[str]) -> bool:
    """Whether a file with these words can match any of our own rules."""
    if not _ALONE.isdisjoint(words):
        return True
    if not python_sources.SOURCE_WORDS.isdisjoint(words):
        return True
    for some, others in _PAIRS:
        if not some.isdisjoint(words) and not others.isdisjoint(words):
            return True
    return any(part in word.lower() for word in words for part in python_credentials.WORDS)


def scan_file(path: str, text: str) -> Iterable[Match]:
    """Every match of our own rules, in the order of the file."""
    lines = lines_of(text)
    report = Report(lines)
    if len(text) > PARSE_CHARACTERS_MAX:
        return [_not_parsed(1, f"it has more than {PARSE_CHARACTERS_MAX} characters")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" in somebody else's source
            tree = ast.parse(text)
    except SyntaxError as error:
        return [_not_parsed(error.lineno or 1, f"{error.msg or 'invalid syntax'}")]
    except (RecursionError, MemoryError):
        return [_not_parsed(1, "it is nested too deeply")]
    except ValueError as error:  # a NUL, a lone surrogate
        return [_not_parsed(1, str(error))]
    try:
        follow(tree, Names(tree), _Rules(path, report))
    except RecursionError:
        return [*report.matches.values(), _not_parsed(1, "it is nested too deeply")]
    return sorted(report.matches.values(), key=lambda match: (match.line, match.column, match.rule))


def _not_parsed(line: int, why: str) -> Match:
    return Match(
        "security/not-parsed", line, 1, f"The file is not valid Python here, so only a part of the rules saw it: {why}."
    )


class _Rules:
    """Joins the tables of rules to the flow analysis."""

    def __init__(self, path: str, report: Report) -> None:
        self._path = path
        self._report = report
        self._settings: dict[str, object] = {}

    def source(self, node: ast.expr, name: str, flow: Flow) -> Value | None:
        return python_sources.source(node, name, flow)

    def parameter(self, function: Function, argument: ast.arg, default: ast.expr | None, flow: Flow) -> Value:
        return python_sources.parameter(function, argument, default, flow)

    def call(self, call: ast.Call, name: str, receiver: Value, flow: Flow) -> Value | None:
        python_credentials.within(call, self._report)
        checks = _CHECKS.get(name.rpartition(".")[2])
        if checks is None:
            return None
        site = Site(call, name, receiver, flow, self._report)
        answer: Value | None = None
        for check in checks:
            answer = check(site) or answer
        return answer

    def statement(self, node: ast.stmt, flow: Flow) -> None:
        if isinstance(node, ast.Assign):
            python_credentials.assignment(node, self._report)
            value = flow.known(node.value)
            python_settings.assigned(node, value, self._report, self._path, flow.names.modules, self._settings)
        elif isinstance(node, ast.AnnAssign):
            python_credentials.assignment(node, self._report)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            python_credentials.defaults(node.args, self._report)
        elif isinstance(node, ast.Return):
            call = ast.Call(ast.Name("return"), [], [])
            python_injection.returned(node, Site(call, "return", ANY, flow, self._report))

    def expression(self, node: ast.expr) -> None:
        python_credentials.within(node, self._report)
