"""Random-looking values that are given to names such as `password` or `api_key`, whatever service they belong to."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.secret_scanner.judgement import entropy, is_common_password, is_placeholder, looks_random

_PASSWORD = r"(?i:passw(?:or)?d|passphrase|pwd)"
_SECRET = (
    r"(?i:secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|client[_-]?key|encryption[_-]?key"
    r"|signing[_-]?key|credentials?)"
)
# name: str = "value", "name": "value", name => 'value', getenv("NAME", "value")
_QUOTED = (
    r"""(?P<tail>[\w.-]{0,40})["'\]]{0,2}[ \t]{0,4}(?::[ \t]?[A-Za-z_.\[\]| ]{1,30})?(?:=>|:=|={1,3}|:|,)[ \t]{0,4}"""
    r"""[bru]{0,2}(?P<quote>["'`])(?P<value>[^"'`\s]{8,200})(?P=quote)"""
)
# In files of settings a value stands bare until the end of its line.
_BARE = (
    r"""(?P<tail>[\w.-]{0,40})[ \t]{0,8}[:=][ \t]{0,8}(?P<value>[^\s"'`#$<{}()]{8,200})"""
    r"""[ \t]{0,8}(?:#[^\n]{0,200})?\r?(?:\n|\Z)"""
)
_FORMS = {
    (is_password, is_bare): re.compile(
        (_PASSWORD if is_password else _SECRET) + (_BARE if is_bare else _QUOTED), re.ASCII
    )
    for is_password in (True, False)
    for is_bare in (True, False)
}

_SETTINGS = re.compile(
    r"(?i)(?:\.env(?:\.\w+)?|\.(?:ini|cfg|conf|properties|ya?ml|env|tfvars|sh|toml)|dockerfile|\.npmrc|\.netrc)$"
)
# Lock files, minified code, pictures and translations hold long random or foreign text that is no secret.
_SILENT = re.compile(
    r"(?i)(?:\.lock|-lock\.(?:json|yaml)|\.sum|\.min\.(?:js|css)|\.map|\.svg|\.po|\.pot|\.ipynb|\.csv|lock\.json|shrinkwrap\.json)$"
)

# What follows the word in a name, when the value describes a credential instead of being one.
_DESCRIBES = re.compile(
    r"(?i)(?:ur[il]|path|file|filename|dir|name|field|type|header|prefix|suffix|regex|pattern|length|len|label"
    r"|placeholder|hint|help|help_text|message|msg|error|title|text|selector|class|format|expir\w*|ttl|count|limit"
    r"|endpoint|params?|hash|hashed|digest|version|policy|validators?|location|arn|ref|reference|scopes?|provider"
    r"|backend|store|manager|env|var|column|attribute|algorithm|alg|mode|size|index|template|form|view|page|link"
    r"|hashers?|address|generator|query|input|id)s?$"
)
# What stands before the word, when the value is meant to be seen.
_PUBLIC = re.compile(
    r"(?i)(?:public|csrf|xsrf|next|page|continuation|cancel\w*|sort|foreign|primary|design|encrypted|hashed)[_.-]?$"
)
# Written together with these a word is still the word; in "tiktoken" it is another one.
_GLUED = re.compile(
    r"(?i)(?:api|auth|oauth|access|bearer|bot|user|client|app|my|db|admin|root|refresh|session|jwt|aws|gh|git)$"
)
_WORD_BEFORE = re.compile(r"[\w.-]{0,40}\Z", re.ASCII)
_CODE = re.compile(
    r"[(\[{<]|[=<>!~]=|[,;&]\w+=|\$\w|::|->|//|%[sd(]|^[./~]|^arn:|^(?:vault|op|ref|file|env|ssm):|^ENC\[|^!\w|^\*+$"
)
_WEAK_WORD = re.compile(
    r"(?i)passw|secret|change.?me|example|sample|dummy|placeholder|your|xxx|test|demo|fake|mock|foo|qwerty|1234|abcd|letmein"
    r"|admin|default|todo|null|undefined|redacted|insert|replace|token|api.?key|lorem|localhost|invalid|wrong|correct"
)
_HASH = re.compile(r"(?:sha\d+|md5)[-:=]|\$2[aby]\$|\$argon2|pbkdf2|bcrypt|scrypt", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}")


def spans_in(text: str, name: str, *, is_password: bool) -> Iterator[tuple[int, int]]:
    """Where the values of passwords, or of other secrets, stand in *text*; *name* is the last part of its path."""
    if _SILENT.search(name):
        return
    for is_bare in (False, True):
        if is_bare and not _SETTINGS.search(name):
            continue
        for match in _FORMS[is_password, is_bare].finditer(text):
            if _is_secret_name(text, match) and _is_secret_value(match["value"], is_password):
                yield match.span("value")


def _is_secret_name(text: str, match: re.Match[str]) -> bool:
    found = _WORD_BEFORE.search(text, max(0, match.start() - 40), match.start())
    before = found[0] if found else ""
    if (
        before[-1:].isalpha()
        and not (before[-1:].islower() and text[match.start()].isupper())
        and not _GLUED.search(before)
    ):
        return False
    return not _DESCRIBES.search(match["tail"]) and not _PUBLIC.search(before)


def _is_secret_value(value: str, is_password: bool) -> bool:
    if is_placeholder(value) or _CODE.search(value) or _WEAK_WORD.search(value) or _HASH.search(value):
        return False
    if not is_password:
        return len(value) >= 16 and looks_random(value)
    if is_common_password(value) or _DIGEST.fullmatch(value):
        return False
    kinds = [
        any(map(str.islower, value)),
        any(map(str.isupper, value)),
        any(map(str.isdigit, value)),
        not value.isalnum(),
    ]
    return sum(kinds) >= 3 and any(map(str.isdigit, value)) and entropy(value) >= 2.7
