"""The rules for JavaScript and TypeScript that look at what is assigned: properties, settings, variables."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.security import named_values
from fairlead.agents.builtin.security.js_rules import Calls
from fairlead.agents.builtin.security.js_tree import Node, Source, field, unescaped
from fairlead.agents.builtin.security.js_values import KNOWN, OUTSIDE, Values
from fairlead.agents.builtin.security.matches import Match

_HTML = frozenset({"innerHTML", "outerHTML", "srcdoc"})
_RANDOM = re.compile(r"\bMath\.random\(\)")
_SECRET_NAME = re.compile(
    r"token|passw|secret|session_?id|csrf|xsrf|nonce|salt|otp|api_?key|verification_?code|reset_?code|private_?key|encryption_?key|auth_?key",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"tokeni[sz]|tokens?_?(type|index|count|length|position)|tokenize", re.IGNORECASE)


class Settings:
    """Judges the assignments of one file."""

    def __init__(self, source: Source, values: Values, calls: Calls) -> None:
        self.source = source
        self.values = values
        self.calls = calls

    def assignment(self, node: Node) -> Iterator[Match]:
        """`left = right`."""
        left, right = field(node, "left"), field(node, "right")
        if left is None or right is None:
            return
        name = self._last_name(left)
        if left.type == "member_expression":
            yield from self._property(node, left, right, name)
        elif left.type == "subscript_expression":
            yield from self._element(left, right, name)
        elif left.type == "identifier" and name == "location":
            yield from self._location(right)
        yield from self._named(name, right)

    def pair(self, node: Node) -> Iterator[Match]:
        """`name: value` in an object."""
        key, value = node.child_by_field_name("key"), field(node, "value")
        if key is None or value is None:
            return
        name = self.source.text(key).strip("\"'")
        text = self.source.text(value) if value.end_byte - value.start_byte < 60 else ""
        if (name, text) in (("rejectUnauthorized", "false"), ("strictSSL", "false")):
            yield self.source.match("js-tls-verification-off", node, f"`{name}: false` accepts any certificate.")
        elif name == "checkServerIdentity" and re.fullmatch(
            r"\(\w*(, *\w+)?\) *=> *(undefined|null|true|\{\s*\}|void 0)", text
        ):
            yield self.source.match("js-tls-verification-off", node, "Certificates of other hosts are accepted.")
        elif name == "NODE_TLS_REJECT_UNAUTHORIZED" and text.strip("\"'") == "0":
            yield self.source.match("js-tls-verification-off", node, "Every certificate is accepted from here on.")
        elif name == "__html":
            yield from self.calls.page(value, "`dangerouslySetInnerHTML` puts text that is not constant into the page.")
        elif name.lower() == "access-control-allow-origin" and self.values.of(value).level == OUTSIDE:
            yield self.source.match("js-cors", node, "Whatever site asks is allowed to read the answers.")
        yield from self._named(name, value)

    def declarator(self, node: Node) -> Iterator[Match]:
        """`const name = value`, and a field of a class."""
        name = node.child_by_field_name("name") or node.child_by_field_name("property")
        value = field(node, "value")
        if name is not None and value is not None and name.end_byte - name.start_byte < 80:
            yield from self._named(self.source.text(name), value)

    def _property(self, node: Node, left: Node, right: Node, name: str) -> Iterator[Match]:
        whole = self.source.text(left)[-120:]
        if name in _HTML:
            yield from self.calls.page(right, f"`{name}` puts text that is not constant into the page as HTML.")
        elif name == "NODE_TLS_REJECT_UNAUTHORIZED" and self.source.text(right).strip("\"'`") == "0":
            yield self.source.match("js-tls-verification-off", node, "Every certificate is accepted from here on.")
        elif name in ("rejectUnauthorized", "strictSSL") and self.source.text(right) == "false":
            yield self.source.match("js-tls-verification-off", node, f"`{name} = false` accepts any certificate.")
        elif name == "escapeMarkup" and self.source.text(right) == "false":
            yield self.source.match("js-escape-off", node, "HTML in the text reaches the page.")
        elif re.search(r"(?:^|\.)location(?:\.href)?$", whole) and "=" in self.source.text(node)[: len(whole) + 8]:
            yield from self._location(right)

    def _element(self, left: Node, right: Node, name: str) -> Iterator[Match]:
        if name == "NODE_TLS_REJECT_UNAUTHORIZED" and self.source.text(right).strip("\"'`") == "0":
            yield self.source.match(
                "js-tls-verification-off", left.parent, "Every certificate is accepted from here on."
            )
        target, index = field(left, "object"), field(left, "index")
        if index is None or target is None or target.type != "subscript_expression":
            return
        outer = field(target, "index")
        first, second = self.values.of(outer), self.values.of(index)
        # One key from outside chooses a property of an object; only two in a row can reach the prototype of all.
        if first.level == OUTSIDE and second.level > KNOWN:
            message = "Two keys that are not constant lead to `__proto__`, and so to every object."
            yield self.source.match(
                "js-prototype-pollution", left, message, reason=f"`{first.source}` comes from outside."
            )

    def _location(self, right: Node) -> Iterator[Match]:
        value = self.values.of(right)
        if value.level == OUTSIDE and "location.href" not in value.source and Calls.decides_host(value, r"."):
            yield self.source.match(
                "js-open-redirect",
                right,
                "The visitor is sent to an address from outside.",
                severity="high",
                reason=f"`{value.source}` comes from outside.",
            )

    def _named(self, name: str, value: Node) -> Iterator[Match]:
        if value.type == "string" or (value.type == "template_string" and not _has_parts(value)):
            if value.end_byte - value.start_byte <= named_values.LENGTH_MAX:
                text = unescaped(self.source.text(value)[1:-1])
                if kind := named_values.credential(name, text):
                    message = f"A {kind} stands in the source as the value of `{name[:60]}`."
                    is_weak = named_values.is_weak(text)
                    yield self.source.match(
                        "js-hard-coded-credential",
                        value,
                        message,
                        severity="low" if is_weak else None,
                        reason="Everybody tries this value first; it is fit for development alone." if is_weak else "",
                        is_masked=True,
                    )
        elif value.end_byte - value.start_byte < 400 and value.type not in (
            "arrow_function",
            "function_expression",
            "object",
            "class",
        ):
            text = self.source.text(value)
            found = _RANDOM.search(text)
            if found and _SECRET_NAME.search(name) and not _NOT_SECRET.search(name):
                message = f"`Math.random` can be guessed, and `{name[:60]}` should not be."
                yield self.source.match("js-insecure-random", value, message)

    def _last_name(self, left: Node) -> str:
        if left.type == "member_expression":
            left = left.child_by_field_name("property")
        elif left.type == "subscript_expression":
            index = field(left, "index")
            return self.source.text(index)[1:-1] if index is not None and index.type == "string" else ""
        return self.source.text(left) if left is not None and left.end_byte - left.start_byte < 80 else ""


def _has_parts(template: Node) -> bool:
    return any(child.type == "template_substitution" for child in template.named_children)
