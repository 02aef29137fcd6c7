"""Tells by a setting's name and value whether a credential stands in a file as plain text."""

import re

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd", "passwort"})
_KEYS = frozenset({"secret", "token", "apikey", "secretkey", "authkey", "accesskey", "privatekey", "clientsecret"})
_KEY_PAIRS = frozenset(
    f"{first} {last}"
    for first in "api secret auth access private encryption signing jwt session cookie master".split()
    for last in ("key", "secret", "token")
)
# A name that goes on like this means something about the credential, not the credential itself.
_ABOUT = frozenset(
    "file path name id url uri field length ttl type hash hint policy min max expiry expires expiration env var arn "
    "ref label placeholder header prefix suffix format pattern regex error message text title manager provider store "
    "required enabled".split()
)
_PLACEHOLDER = re.compile(
    r"^$|[\s<>{}$%|*…]|\.\.\.|^(x+|-+|#+|0+|1+)$|example|change[_.-]?me|replace|placeholder|dummy|your|my[_-]|todo|fixme|insert|"
    r"redacted|sample|^(none|null|nil|true|false|yes|no|on|off|unset|empty|undefined|default|missing|required|optional|"
    r"hidden|string|text|str|bytes|secret|token|foo|bar|baz|test|testing|abc|hunter2?|user|admin)$",
    re.IGNORECASE,
)
_IS_NAME = re.compile(
    r"pass|pwd|token|secret|key|auth|field|input|param|header|csrf|cred|bearer|login|session|cookie|user|form|invalid|error",
    re.IGNORECASE,
)
_IS_PLACE = re.compile(r"^([a-z]+://|/|\.{1,2}/|@|#)|\.(txt|json|pem|py|html|ya?ml|key|crt|js|ts)$")
# Passwords that everybody tries first: harmless in a test database, no password at all in a service.
_WEAK = re.compile(
    r"(root|admin|postgres|mysql|test|guest|user|pass|password|secret|redis|mongo|rabbitmq|dev|development)\d{0,4}|\d{1,8}",
    re.I,
)

LENGTH_MAX = 500  # a longer value is data


def kind_of_name(name: str) -> str:
    """What a setting called *name* holds: "password", "key or token", or "" for anything else."""
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _ABOUT:
        return ""
    if words[-1] in _PASSWORDS:
        return "password"
    if words[-1] in _KEYS or " ".join(words[-2:]) in _KEY_PAIRS:
        return "key or token"
    return ""


def credential(name: str, value: str) -> str:
    """What kind of credential the setting *name* = *value* gives away, or "" if it gives none away."""
    kind = kind_of_name(name)
    if not kind or len(value) > LENGTH_MAX or _PLACEHOLDER.search(value) or value.lower() in name.lower():
        return ""
    if _IS_PLACE.search(value):
        return ""
    is_word = re.fullmatch(r"[A-Za-z]+([_.-][A-Za-z]+)*", value) is not None
    if is_word and _IS_NAME.search(value):
        return ""
    if kind == "password":
        # A capitalised word is a label of a user interface.
        return kind if len(value) >= 4 and not (is_word and value[:1].isupper() and value[1:].islower()) else ""
    return kind if len(value) >= 12 and _is_random(value) else ""


def is_weak(value: str) -> bool:
    """Whether *value* is a password that everybody tries first."""
    return _WEAK.fullmatch(value) is not None


def _is_random(value: str) -> bool:
    """Letters and digits mixed, as no word or name is."""
    if re.fullmatch(r"[A-Za-z_.-]+[\d.]{1,4}", value) or len(set(value)) < 8:
        return False
    kinds = (any(c.islower() for c in value), any(c.isupper() for c in value), any(c.isdigit() for c in value))
    return kinds[2] and sum(kinds) >= 2
