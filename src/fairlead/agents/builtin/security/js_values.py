"""What is known about a value in a JavaScript file: written out, cleaned, unknown, or from outside."""

import re
from typing import NamedTuple

from fairlead.agents.builtin.security.js_names import Names
from fairlead.agents.builtin.security.js_tree import Node, Source, arguments, bare, field, unescaped

KNOWN, UNKNOWN, OUTSIDE = 0, 1, 2

DEPTH_MAX = 25  # expressions and assignments followed one into another
PARTS_MAX = 400  # parts of one concatenation looked at
GAP = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands in `text` for what is not known


class Value(NamedTuple):
    """What is known of a value."""

    level: int
    text: str = GAP  # with GAP where something is not known
    source: str = ""  # for OUTSIDE: the expression that brings it in
    is_built: bool = False  # put together from several parts


_NOTHING = Value(UNKNOWN)
_HARMLESS = Value(KNOWN, "0")

# What the person or program at the other end of a connection decides.
_REQUEST = re.compile(
    r"(?:(?:\w+\.)?req|(?:\w+\.)?request|ctx|context|koa)\.(?:request\.)?"
    r"(?:body|query|params|headers|cookies|signedCookies|rawBody|files?|hostname|url|originalUrl|nextUrl)(?:[.\[]|$)"
    r"|(?:\w+\.)?req\.(?:param|get|header)\(|(?:event|evt)\.(?:queryStringParameters|pathParameters|body)(?:[.\[]|$)"
)
_BROWSER = re.compile(
    r"(?:(?:window|document|self|top|parent)\.)?location\.(?:hash|search|href)|document\.(?:URL|documentURI|referrer|cookie)"
    r"|window\.name(?![\w.])"
)
_CLEANERS = re.compile(
    r"(?:^|\.|_)(?:sanitize\w*|\w*[sS]aniti[sz]er?|DOMPurify|purify|\w*[eE]scape\w*|escapeHTML|encodeURIComponent"
    r"|encodeURI|encode|quote|shellQuote|parseInt|parseFloat|Number|Boolean|isNaN|Math|Date|xss|basename|createHash"
    r"|digest|hash\w*|hmac\w*|md5|sha\d+|uuid\w*|nanoid|randomUUID|validate\w*|clean\w*|toFixed|getTime|now|indexOf"
    r"|test|includes|startsWith|endsWith|has|every|some)$"
)
# Methods whose answer is as dangerous as the thing itself, and functions whose answer is as dangerous as the arguments.
_PASSING_METHODS = frozenset(
    "concat join replace replaceAll trim toLowerCase toUpperCase toString slice substring substr split get getAll "
    "pop shift normalize padStart repeat".split()
)
_PASSING_CALLS = frozenset(
    "resolve stringify parse format String decodeURIComponent decodeURI atob unescape from URL URLSearchParams".split()
)
_NUMBERS = frozenset({"length", "size", "byteLength", "offsetWidth", "offsetHeight", "clientWidth", "clientHeight"})
_ORDERING = frozenset(
    {
        "<",
        ">",
        "<=",
        ">=",
        "==",
        "===",
        "!=",
        "!==",
        "instanceof",
        "in",
        "-",
        "*",
        "/",
        "%",
        "**",
        "&",
        "|",
        "^",
        ">>",
        "<<",
        ">>>",
    }
)


class Values:
    """Asks what is known of the values of one file."""

    def __init__(self, source: Source, names: Names) -> None:
        self.source = source
        self.names = names
        self._open: set[tuple[int, int]] = set()
        self._known: dict[tuple[int, int], Value] = {}

    def of(self, node: Node | None, depth: int = 0) -> Value:
        """What is known of *node*."""
        node = bare(node)
        if node is None or depth > DEPTH_MAX:
            return _NOTHING
        place = (node.start_byte, node.end_byte)
        # Names that are made from one another would be followed once for each way between them.
        known = self._known.get(place)
        if known is not None:
            return known
        if place in self._open:
            return _HARMLESS  # `x = x + 1`: the other parts decide
        self._open.add(place)
        try:
            value = self._known[place] = self._of(node, depth + 1)
        finally:
            self._open.discard(place)
        return value

    def _of(self, node: Node, depth: int) -> Value:
        kind = node.type
        if kind == "string":
            return Value(KNOWN, unescaped(self.source.text(node)[1:-1]))
        if kind in ("number", "true", "false", "null", "undefined", "regex", "this", "super"):
            return Value(KNOWN, self.source.text(node))
        if kind in (
            "arrow_function",
            "function_expression",
            "function",
            "class",
            "unary_expression",
            "update_expression",
        ):
            return _HARMLESS
        if kind == "template_string":
            return self._template(node, depth)
        if kind == "binary_expression":
            return self._binary(node, depth)
        if kind == "ternary_expression":
            return self._either(
                [node.child_by_field_name("consequence"), node.child_by_field_name("alternative")], depth
            )
        if kind in ("identifier", "shorthand_property_identifier"):
            return self._identifier(node, depth)
        if kind in ("member_expression", "subscript_expression"):
            return self._member(node, depth)
        if kind == "call_expression":
            return self._call(node, depth)
        if kind == "new_expression":
            made = self.source.text(node)[:200]
            if re.match(r"new\s+(Date|Map|Set|Error|RegExp)\b", made):
                return _HARMLESS
            return self._joined(arguments(node), depth)._replace(is_built=False)
        if kind in (
            "array",
            "object",
            "pair",
            "spread_element",
            "sequence_expression",
            "assignment_expression",
            "yield_expression",
        ):
            children = [child for child in node.named_children if child.type not in ("comment", "property_identifier")]
            found = self._joined(children[:PARTS_MAX], depth)
            return found._replace(is_built=any(self.of(child, depth).is_built for child in children[:20]))
        return _NOTHING

    def _template(self, node: Node, depth: int) -> Value:
        parts: list[Value] = []
        end = node.start_byte + 1
        for child in node.named_children[:PARTS_MAX]:
            if child.type != "template_substitution":
                continue
            parts.append(self._literal(end, child.start_byte))
            parts.append(self.of(child.named_children[0], depth) if child.named_children else _HARMLESS)
            end = child.end_byte
        parts.append(self._literal(end, node.end_byte - 1))
        return _put_together(parts)

    def _literal(self, start: int, end: int) -> Value:
        return Value(KNOWN, unescaped(self.source.data[start:end].decode("utf-8", "replace")))

    def _binary(self, node: Node, depth: int) -> Value:
        operator = node.child_by_field_name("operator")
        sign = self.source.text(operator) if operator is not None else ""
        if sign in _ORDERING:
            return _HARMLESS
        if sign != "+":  # `a || b`, `a ?? b`, `a && b`
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            return self.of(right, depth) if sign == "&&" else self._either([left, right], depth)
        # A long chain leans to the left, deeper than Python may recurse.
        parts: list[Node] = []
        current: Node | None = node
        while current is not None and current.type == "binary_expression":
            operator = current.child_by_field_name("operator")
            if operator is None or self.source.text(operator) != "+":
                break
            parts.append(current.child_by_field_name("right"))
            current = field(current, "left")
        parts.append(current)
        parts.reverse()
        return _put_together([self.of(part, depth) for part in parts[:PARTS_MAX]])

    def _identifier(self, node: Node, depth: int) -> Value:
        name = self.source.text(node)
        if name in ("undefined", "NaN", "Infinity", "__dirname", "__filename"):
            return Value(KNOWN, name)
        given = self.names.values(name, node.start_byte)
        if not given:
            return Value(KNOWN, GAP) if re.fullmatch(r"[A-Z][A-Z0-9_]+", name) else _NOTHING
        found: list[Value] = []
        for one in given[-8:]:
            if one.value is None:
                outside = _outside(one.path)
                found.append(Value(OUTSIDE, GAP, outside) if outside else _NOTHING)
            elif one.path:
                whole = f"{self.source.text(one.value)[:200]}.{one.path}"
                outside = _outside(whole)
                value = self.of(one.value, depth)
                level = OUTSIDE if outside else value.level
                found.append(Value(level or UNKNOWN, GAP, outside or value.source))
            else:
                found.append(self.of(one.value, depth))
        if len(found) == 1:
            return found[0]
        # Pieces that are added to a text one by one make one text.
        worst = max(found, key=lambda value: value.level)
        return Value(worst.level, " ".join(v.text for v in found)[:2000], worst.source, any(v.is_built for v in found))

    def _member(self, node: Node, depth: int) -> Value:
        text = self.source.text(node) if node.end_byte - node.start_byte < 300 else ""
        if outside := _outside(text):
            return Value(OUTSIDE, GAP, outside)
        if node.type == "member_expression":
            last = node.child_by_field_name("property")
            name = self.source.text(last) if last is not None else ""
            if name in _NUMBERS:
                return _HARMLESS
            if re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
                return Value(KNOWN, GAP)
        inner = self.of(field(node, "object"), depth)
        if inner.level == OUTSIDE:
            return Value(OUTSIDE, GAP, inner.source)
        return _NOTHING

    def _call(self, node: Node, depth: int) -> Value:
        function = field(node, "function")
        if function is None:
            return _NOTHING
        text = self.source.text(function) if function.end_byte - function.start_byte < 300 else ""
        name = re.sub(r"\s|\?", "", text)
        if _CLEANERS.search(name) or re.search(r"saniti[sz]e|DOMPurify|escapeHtml|purify", name, re.IGNORECASE):
            return _HARMLESS
        if outside := _outside(text + "("):
            return Value(OUTSIDE, GAP, outside)
        given = arguments(node)
        last = name.rpartition(".")[2]
        inner = self.of(field(function, "object"), depth) if function.type == "member_expression" else _HARMLESS
        if last in _PASSING_METHODS:
            return _put_together([inner, *(self.of(one, depth) for one in given[:4])])._replace(is_built=inner.is_built)
        if last in _PASSING_CALLS:
            return self._joined(given[:8], depth)._replace(is_built=False)
        if name in ("path.join", "path.resolve", "url.resolve"):
            return self._joined(given[:8], depth)
        if inner.level == OUTSIDE:
            return Value(OUTSIDE, GAP, inner.source)
        return _NOTHING

    def _joined(self, nodes: list[Node], depth: int) -> Value:
        return _put_together([self.of(node, depth) for node in nodes])

    def _either(self, nodes: list[Node | None], depth: int) -> Value:
        found = [self.of(node, depth) for node in nodes]
        worst = max(found, key=lambda value: (value.level, value.is_built))
        return worst._replace(is_built=any(value.is_built for value in found))


def _put_together(parts: list[Value]) -> Value:
    if not parts:
        return _HARMLESS
    worst = max(parts, key=lambda part: part.level)
    text = "".join(part.text for part in parts)[:4000]
    return Value(worst.level, text, worst.source, worst.level > KNOWN and len([p for p in parts if p.text]) > 1)


def _outside(text: str) -> str:
    """The part of an expression's text that comes from outside, or ""."""
    folded = re.sub(r"\s|\?(?=\.)|!(?=\.)", "", text)
    found = _REQUEST.match(folded)
    if found:
        return re.split(r"[(\[]", folded)[0][:60]
    browser = _BROWSER.match(folded)
    return browser[0] if browser else ""
