"""Security headers of JavaScript applications: Express, Koa and Fastify, with helmet or with headers set by hand."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from fairlead.agents.builtin.compliance_checker.tree import TextFile

if TYPE_CHECKING:
    from fairlead.agents.builtin.compliance_checker.headers import Header, Headers

# The grammars' nodes have no type of their own here: the library is loaded only when a file is read.
_Node = Any

# A module with none of these says nothing that is known here. In small letters.
_WORDS = (
    *(b"content-security-policy", b"x-frame-options", b"x-content-type-options", b"strict-transport-security"),
    *(b"frame-ancestors", b"helmet", b"lusca"),
)
_NAMED = re.compile(rb"""['"](?:express|koa|fastify)['"]|\bsecure['"]?\s*:\s*false""")
_MODULES = {"express": "Express", "koa": "Koa", "fastify": "Fastify"}
_HELMETS = frozenset({"helmet", "koa-helmet", "@fastify/helmet", "fastify-helmet", "lusca"})
_ALL: tuple["Header", ...] = ("csp", "frame", "nosniff", "hsts")
_OPTIONS: dict[str, "Header"] = {
    "contentSecurityPolicy": "csp",
    "frameguard": "frame",
    "xFrameOptions": "frame",
    "noSniff": "nosniff",
    "xContentTypeOptions": "nosniff",
    "hsts": "hsts",
    "strictTransportSecurity": "hsts",
    "csp": "csp",
    "xframe": "frame",
    "nosniff": "nosniff",
}
_QUERY = """
(import_statement) @import
(variable_declarator) @declarator
(call_expression) @call
(new_expression) @call
(string) @string
(template_string) @string
"""


def may_tell(data: bytes) -> bool:
    """Whether a file may say anything about headers; others need not be parsed."""
    folded = data.lower()
    return any(word in folded for word in _WORDS) or _NAMED.search(data) is not None


@cache
def _language(kind: str) -> tuple[Any, Any]:
    """The parser and the query of a grammar."""
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    pointer = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }[kind]()
    language = tree_sitter.Language(pointer)
    return tree_sitter.Parser(language), tree_sitter.Query(language, _QUERY)


def look_at(file: TextFile, headers: "Headers") -> None:
    """Take in one module.

    Raises:
        ImportError: tree-sitter or a grammar is not installed.
    """
    import tree_sitter

    kind = (
        "typescript"
        if file.path.endswith((".ts", ".mts", ".cts"))
        else "tsx"
        if file.path.endswith(".tsx")
        else "javascript"
    )
    parser, query = _language(kind)
    tree = parser.parse(file.text.encode("utf-8", "replace"))
    found: dict[str, list[_Node]] = tree_sitter.QueryCursor(query).captures(tree.root_node)
    module = _Module(file, headers)
    for piece in found.get("import", ()):
        module.imported(piece)
    for piece in found.get("declarator", ()):
        module.required(piece)
    for piece in sorted(found.get("call", ()), key=lambda piece: int(piece.start_byte)):
        module.called(piece)
    for piece in found.get("string", ()):
        if piece.parent is not None and piece.parent.type != "expression_statement":
            headers.set_named("JavaScript", _text(piece), file.path, piece.start_point[0] + 1)


class _Module:
    """What the names of one module stand for."""

    def __init__(self, file: TextFile, headers: "Headers") -> None:
        self._file = file
        self._headers = headers
        self._names: dict[str, str] = {}  # local name → module

    def imported(self, piece: _Node) -> None:
        source = _unquoted(piece.child_by_field_name("source"))
        for name in re.findall(r"\bimport\s+(?:\*\s+as\s+)?([A-Za-z_$][\w$]*)", _text(piece)):
            self._names[name] = source
        for name in re.findall(r"[{,]\s*(?:default\s+as\s+)?([A-Za-z_$][\w$]*)\s*[,}]", _text(piece)):
            self._names[name] = source

    def required(self, piece: _Node) -> None:
        name, value = piece.child_by_field_name("name"), piece.child_by_field_name("value")
        if name is None or value is None or name.type != "identifier":
            return
        found = re.match(r"""require\(\s*['"]([^'"]+)['"]\s*\)""", _text(value))
        if found:
            self._names[_text(name)] = found[1]

    def called(self, call: _Node) -> None:
        from fairlead.agents.builtin.compliance_checker.headers import Application

        function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
        arguments = call.child_by_field_name("arguments")
        line = call.start_point[0] + 1
        written = _text(function) if function is not None else ""
        if found := re.match(r"""require\(\s*['"]([^'"]+)['"]\s*\)""", written):
            source, method = found[1], ""
        else:
            first, _, method = written.partition(".")
            source = self._names.get(first, "")
        if source in _MODULES and not method:
            self._headers.applications.append(Application("JavaScript", self._file.path, line, _MODULES[source]))
        elif source in _HELMETS:
            self._helmet(method, arguments, line)
        elif arguments is not None and arguments.named_children:
            # Fastify: `app.register(helmet, {…})`.
            if self._names.get(_text(arguments.named_children[0])) in _HELMETS:
                self._helmet("", arguments, line)
            elif method in ("cookie", "session", "setCookie") or source in ("express-session", "cookie-session"):
                self._cookie(arguments)

    def _helmet(self, method: str, arguments: _Node | None, line: int) -> None:
        if method:
            if header := _OPTIONS.get(method):
                self._headers.set("JavaScript", header, self._file.path, line, f"helmet.{method} sends it")
            return
        off: dict[Header, _Node] = {}
        for key, value in _pairs(arguments):
            if (header := _OPTIONS.get(key)) and _text(value) == "false":
                off[header] = value.parent
        for header in _ALL:
            if header in off:
                self._off(header, off[header], "")
            else:
                self._headers.set("JavaScript", header, self._file.path, line, "helmet sends it")

    def _cookie(self, arguments: _Node) -> None:
        """A cookie that says itself that it may go without encryption."""
        waiting = list(arguments.named_children)
        for _ in range(200):  # options lie in options, but not deep
            if not waiting:
                return
            piece = waiting.pop()
            for key, value in _pairs_of(piece):
                if key == "secure" and _text(value) == "false":
                    self._off(None, value.parent, "compliance/cookie-not-secure")
                elif value.type == "object":
                    waiting.append(value)

    def _off(self, header: "Header | None", pair: _Node, rule: str) -> None:
        from fairlead.agents.builtin.compliance_checker.headers import Off

        self._headers.off.append(Off(header, self._file.path, pair.start_point[0] + 1, _text(pair)[:100], rule))


def _pairs(arguments: _Node | None) -> list[tuple[str, _Node]]:
    return [pair for piece in (arguments.named_children if arguments is not None else ()) for pair in _pairs_of(piece)]


def _pairs_of(piece: _Node) -> list[tuple[str, _Node]]:
    if piece.type != "object":
        return []
    found: list[tuple[str, _Node]] = []
    for pair in piece.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if pair.type == "pair" and key is not None and value is not None:
            found.append((_unquoted(key), value))
    return found


def _text(piece: _Node) -> str:
    return str(piece.text.decode("utf-8", "replace")) if piece is not None and piece.text is not None else ""


def _unquoted(piece: _Node | None) -> str:
    return _text(piece).strip("'\"`")
