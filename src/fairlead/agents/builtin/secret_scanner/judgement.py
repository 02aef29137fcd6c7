"""Is a string that has the form of a credential one? Placeholders and broken checksums are told apart here."""

import base64
import binascii
import hashlib
import itertools
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Literal

Verdict = Literal["no", "doubtful", "likely", "proven"]

# Words that nobody's random generator writes, and that people write into examples. Only long ones: three letters turn
# up in random strings.
_PLACEHOLDER = re.compile(
    r"example|changeme|change_me|change-me|placeholder|redacted|dummy|xxxxx|\*\*\*|\.\.\.\.|_here\b|yourtoken|your[_-]"
    r"|0123456789|123456789|abcdefgh|00000000|11111111|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|deadbeef|fakefake|notreal|not-a-real|insert[_-]",
    re.IGNORECASE,
)
_INTERPOLATION = re.compile(r"\$\{|\{\{|\$\(|%\(|<[a-zA-Z]|#\{|\}\}")

# Credentials that documents and emulators publish for everybody, as SHA-256, so that no scanner finds them here.
_PUBLISHED = frozenset(
    {
        "0011cc25eb4320717494d2703e8cba85",  # Azure storage emulator
        "aa6547439583c3a275d4542a0df6c1ad",  # Azure Cosmos DB emulator
        "2cafc0970149a84f3b9e62eaf169f36f",  # Stripe's documentation
        "f2d6ca16515033e5dce14eba840b979d",  # Stripe's documentation, before 2018
        "976b57ee8acdfcf45f76bcc5e329a236",  # GitHub's article on its token format
    }
)
_PUBLISHED_SUBJECTS = ("supabase-demo", "1234567890", "John Doe")  # of tokens in documents
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_COMMON_PASSWORD = re.compile(
    r"(?:(?:my|your|the|db|super|user|some)?[_-]?(?:password|passwd|passw0rd|pass|pwd|secret|token|changeme|root|admin|test|guest"
    r"|user|username|postgres|mysql|rabbitmq|redis|mongo|demo|dummy|foobar|foo|bar|hunter|qwerty|letmein|sample|default|xxx+|x-oauth-basic)"
    r"[_-]?(?:here)?[0-9!]{0,5})|[0-9]{1,5}|[*.x#-]+|(?:1234567?8?9?0?)",
    re.IGNORECASE,
)
_RESERVED_HOST = re.compile(
    r"[\w.-]*\b(?:example\.(?:com|org|net|edu)|[\w-]+\.(?:example|invalid|test))\b", re.IGNORECASE
)


def verdict_on(text: str, start: int, end: int, entropy_min: float, check: str) -> Verdict:
    """Judge the credential at *start* to *end*; *check* names a further judgement in `_CHECKS`."""
    secret = text[start:end]
    if is_placeholder(secret) or entropy(secret) < entropy_min:
        return "no"
    return _CHECKS[check](secret, text, end) if check else "likely"


def is_placeholder(secret: str) -> bool:
    """True for what stands where a credential will be, and for credentials that everybody knows."""
    if _PLACEHOLDER.search(secret) or _INTERPOLATION.search(secret):
        return True
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:32] in _PUBLISHED


def entropy(text: str) -> float:
    """Shannon's entropy in bits per character, from the text's own letters."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def _variety(text: str) -> float:
    """How often the kind of character (lower, upper, digit, other) changes: words change seldom, random text often."""
    kinds = [_kind(char) for char in text]
    return sum(a != b for a, b in itertools.pairwise(kinds)) / max(1, len(kinds) - 1)


def _kind(char: str) -> int:
    return 0 if char.islower() else 1 if char.isupper() else 2 if char.isdigit() else 3


def looks_random(value: str) -> bool:
    """True for long values that no person would make of words."""
    digits = sum(char.isdigit() for char in value)
    return digits >= 2 and digits < len(value) and entropy(value) >= 3.2 and _variety(value) >= 0.3


def is_common_password(value: str) -> bool:
    """True for what people write when any password will do; such a finding would be noise."""
    return _COMMON_PASSWORD.fullmatch(value) is not None


def _crc32_base62(secret: str, text: str, end: int) -> Verdict:
    """GitHub and npm: the last six characters are the CRC-32 of the thirty before them."""
    body, written = secret[-36:-6], secret[-6:]
    number, digits = zlib.crc32(body.encode("utf-8", "replace")), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return "proven" if digits.rjust(6, "0") == written else "doubtful"


def _jwt(secret: str, text: str, end: int) -> Verdict:
    header, payload = (_decoded(part.replace("-", "+").replace("_", "/")) for part in secret.split(".")[:2])
    try:
        is_token = "alg" in json.loads(header)
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        return "no"
    if not is_token or not isinstance(claims, dict):
        return "no"
    return "no" if any(word in str(claims.values()) for word in _PUBLISHED_SUBJECTS) else "proven"


def _login(secret: str, text: str, end: int) -> Verdict:
    """Base64 of `user:password`."""
    user, colon, password = _decoded(secret).partition(":")
    if not colon or len(password) < 4 or not password.isprintable() or not user.isprintable():
        return "no"
    is_known = user.lower() == "aladdin" or user == password or is_common_password(password) or is_placeholder(password)
    return "no" if is_known else "proven"


def _url(secret: str, text: str, end: int) -> Verdict:
    """The password of an address: not when the host is reserved for examples, or the password is the user's name."""
    user = text[max(0, end - len(secret) - 81) : end - len(secret) - 1].rpartition("://")[2]
    host = text[end + 1 : end + 120]
    if user == secret or is_common_password(secret) or secret[0] in "$%" or secret.startswith("..."):
        return "no"
    if _RESERVED_HOST.match(host):
        return "no"
    return "doubtful" if re.match(r"(?:localhost|127\.0\.0\.1|\[::1\])\b", host) else "likely"


def _password(secret: str, text: str, end: int) -> Verdict:
    return "no" if is_common_password(secret) else "likely"


def _digit(secret: str, text: str, end: int) -> Verdict:
    return "likely" if any(char.isdigit() for char in secret) else "no"


def _random(secret: str, text: str, end: int) -> Verdict:
    return "likely" if looks_random(secret) else "no"


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


_CHECKS: dict[str, Callable[[str, str, int], Verdict]] = {
    "crc32-base62": _crc32_base62,
    "jwt": _jwt,
    "login": _login,
    "url": _url,
    "password": _password,
    "digit": _digit,
    "random": _random,
}
