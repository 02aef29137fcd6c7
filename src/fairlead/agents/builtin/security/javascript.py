"""JavaScript and TypeScript: code, commands, statements and pages that are put together from what is not constant."""

import re
from collections.abc import Iterable, Iterator

from fairlead.agents.builtin.security.js_names import Names
from fairlead.agents.builtin.security.js_rules import Calls
from fairlead.agents.builtin.security.js_settings import Settings
from fairlead.agents.builtin.security.js_tree import Node, Source, arguments, field
from fairlead.agents.builtin.security.js_values import Values
from fairlead.agents.builtin.security.matches import Match

_SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_BUILT = re.compile(
    r"(^|/)(node_modules|bower_components|dist|vendor|vendors|third[_-]party|\.next|\.nuxt|__sapper__)/"
)
_MINIFIED = re.compile(r"[.-]min\.[cm]?js$")
LINE_MEAN_MAX = 500  # characters; people write shorter lines

# A file without any of these words is clean for every rule and need not be parsed.
_WORDS = re.compile(
    r"eval|Function|setTimeout|setInterval|runIn|compile|require\s*\(|HTML|\bwrite|srcdoc|createContextualFragment|__html|child_process"
    r"|exec|spawn|shell|\.(?:query|execute|raw|rawQuery|prepare|each|all|get|run|any|one|none|many|unsafe)\b|RawUnsafe|Raw\b|\$where|find|fs\b|readFile"
    r"|sendFile|sendfile|download|redirect|location|fetch|axios|got\b|request|needle|superagent|https?\.|createHash|createCipher|createDecipher"
    r"|CryptoJS|crypto-js|Math\.random|rejectUnauthorized|REJECT_UNAUTHORIZED|strictSSL|checkServerIdentity|jwt|jsonwebtoken|jose|cors"
    r"|Allow-Origin|postMessage|serializ|cryo|funcster|merge|defaultsDeep|extend|errorhandler|\.stack|noEscape|sanitize|markdown|autoescape"
    r"|escapeMarkup|RegExp|passw|passphrase|pwd|secret|token|[kK]ey|[kK]EY|PASSW|SECRET|TOKEN|[pP]assw|Secret|Token|\breq\b"
)


def wants(path: str) -> bool:
    """Whether *path* is called like JavaScript or TypeScript."""
    return path.endswith(_SUFFIXES)


def why_not(path: str, text: str) -> str | None:
    """Why the file is not checked although it is JavaScript: people did not write it. None if it is checked."""
    if _BUILT.search(path):
        return "JavaScript (built or copied)"
    if _MINIFIED.search(path) or len(text) > LINE_MEAN_MAX * (text.count("\n") + 1):
        return "JavaScript (minified)"
    return None


def scan_file(path: str, text: str) -> Iterable[Match]:
    """Every match in *text*; none for a file that `why_not` names.

    Raises:
        PartMissing: tree-sitter or a grammar is not installed.
    """
    if path.endswith((".d.ts", ".d.mts", ".d.cts")):
        return []  # declarations alone: nothing in it runs
    if why_not(path, text) is not None or not _WORDS.search(text):
        return []
    return list(_matches(Source(path, text)))


def _matches(source: Source) -> Iterator[Match]:
    names = Names(source)
    values = Values(source, names)
    calls = Calls(source, names, values)
    settings = Settings(source, values, calls)
    found = source.captures
    for node in found.get("call", ()):
        yield from calls.judge(node)
    for node in found.get("new", ()):
        yield from _made(source, names, calls, node)
    for node in found.get("assignment", ()):
        yield from settings.assignment(node)
    for node in found.get("pair", ()):
        yield from settings.pair(node)
    for node in (*found.get("declarator", ()), *found.get("field", ())):
        yield from settings.declarator(node)
    for node in found.get("attribute", ()):
        yield from _attribute(source, calls, settings, node)
    error = source.first_error()
    if error is not None:
        row, column = error.start_point
        message = "The grammar does not know what stands here; rules may have missed something near it."
        yield Match("security/not-parsed", row + 1, source.at(row, column), message)


def _made(source: Source, names: Names, calls: Calls, node: Node) -> Iterator[Match]:
    name = names.qualified(field(node, "constructor"))
    given = arguments(node)
    if name == "Function":
        yield from calls.code_from(
            node, given[-1] if given else None, "A function is made from text that is not constant."
        )
    elif name == "vm.Script":
        yield from calls.code_from(
            node, given[0] if given else None, "`vm` runs text; it is no wall against bad programs."
        )
    elif name == "RegExp":
        yield from calls.pattern(node, given)
    else:
        for one in given[:4]:
            yield from calls.escape_option(one, name)


def _attribute(source: Source, calls: Calls, settings: Settings, node: Node) -> Iterator[Match]:
    """`name={value}` of JSX; the object of `dangerouslySetInnerHTML` is found as a pair."""
    children = node.named_children
    if len(children) < 2 or children[1].type != "jsx_expression" or not children[1].named_children:
        return
    name, value = source.text(children[0]), children[1].named_children[0]
    if name in ("srcDoc", "srcdoc"):
        yield from calls.page(value, f"`{name}` puts text that is not constant into the page as HTML.")
