"""Planted credentials, put together when a test runs, so that no scanner ever finds one in this repository.

Each rule's row carries a template: `{A-Z0-9:16}` stands for 16 random characters of these, `[[ ]]` encloses the
credential, and `{crc}`, `{jwt}` and `{login}` are computed.
"""

import base64
import json
import random
import re
import zlib
from dataclasses import dataclass

from fairlead.agents.rules import Rule, load_rules

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SEED = 20261121

# Lines of real projects that look like credentials and are none. Parts are joined so that this file stays quiet.
CLEAN_LINES = (
    ("app/settings.py", 'password = os.environ["DB_PASSWORD"]'),
    ("app/settings.py", 'SECRET_KEY = config("SECRET_KEY", default="changeme-in-production-1")'),
    ("app/settings.py", 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]'),
    ("app/views.py", 'token_url = "https://login.acme.io/oauth2/v2.0/token"'),
    ("app/views.py", 'password_reset_confirm = "auth/password_reset_confirm_v2.html"'),
    ("app/models.py", 'secret_key_name = "PRODUCTION_SIGNING_KEY_2024"'),
    ("deploy/app.yaml", "password: ${DB_PASSWORD}"),
    ("deploy/app.yaml", "api_key: {{ vault.api_key }}"),
    ("deploy/app.yaml", "client_secret: vault:secret/data/app#client_secret"),
    ("deploy/.env", "API_TOKEN=your-api-token-goes-here-1234"),
    ("deploy/.env", "DATABASE_URL=postgres://postgres:postgres@localhost:5432/app"),
    ("deploy/.env", "DATABASE_URL=postgres://user:password@db/app"),
    ("deploy/.env", "REDIS_URL=redis://:${REDIS_PASSWORD}@cache:6379/0"),
    ("web/api.ts", "const url = `https://${user}:${password}@acme.io/`;"),
    ("web/api.ts", 'const integrity = "sha512-' + "q9Zt" * 20 + '=="'),
    ("web/package-lock.json", '"token": "' + "a1B2c3D4" * 5 + '"'),
    ("web/time.ts", "// at 10:30 mail ops@acme.io or see http://acme.io:8080/a@b"),
    ("app/git.py", 'COMMIT = "' + "0a1b2c3d4e" * 4 + '"'),
    ("app/keys.py", 'header = "-----BEGIN PRIVATE KEY-----"'),
    ("app/keys.py", 'if "-----BEGIN RSA PRIVATE KEY-----" in text and "-----END RSA PRIVATE KEY-----" in text: pass'),
    ("app/aws.py", 'AWS_ACCESS_KEY_ID = "AKIA' + 'IOSFODNN7EXAMPLE"'),
    ("app/aws.py", 'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/' + 'bPxRfiCYEXAMPLEKEY"'),
    ("app/pay.py", 'stripe.api_key = "sk_test_' + '4eC39HqLyjWDarjtT1zdp7dc"'),
    ("app/auth.py", 'headers = {"Authorization": "Bearer " + token}'),
    ("app/auth.py", 'headers = {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}'),
    ("app/forms.py", 'csrf_token = "Zk9xQ2vL8mN4pR7sT1uW3yA6"'),
)


@dataclass(frozen=True)
class Planted:
    """A line or a few with one credential, and where to put it."""

    rule: str
    path: str
    text: str
    secret: str


def planted(seed: int = SEED, each: int = 3) -> list[Planted]:
    """*each* credentials for every rule that has a format."""
    chance = random.Random(seed)
    return [plant(rule, chance) for rule in rules_with_samples() for _ in range(each)]


def plant(rule: Rule, chance: random.Random) -> Planted:
    """One credential of *rule*."""
    text, secret = _cut(_filled(rule.details["sample"], chance))
    return Planted(rule.id, path_for(rule), text, secret)


def placeholders() -> list[tuple[str, str]]:
    """For every rule two lines that have its shape but hold no credential, as (path, text)."""
    found = []
    for rule in rules_with_samples():
        sample = rule.details["sample"]
        found.append((path_for(rule), _cut(_with_letters(sample))[0]))
        found.append((path_for(rule), re.sub(r"\[\[.*\]\]", "${CREDENTIAL}", sample, flags=re.DOTALL)))
    return found


def rules_with_samples() -> list[Rule]:
    """All rules but the one about files that nobody could read."""
    return [rule for rule in load_rules("secrets").values() if rule.id != "secrets/unread-file"]


def path_for(rule: Rule) -> str:
    """A path at which the rule applies."""
    names = rule.details.get("names")
    return names[0] if names else "app/config.py"


def _filled(template: str, chance: random.Random) -> str:
    text = re.sub(r"\{([^{}\n]+):(\d+)\}", lambda m: "".join(chance.choices(_letters(m[1]), k=int(m[2]))), template)
    text = text.replace("{jwt}", _jwt(str(chance.randrange(10**15)), chance))
    text = text.replace("{login}", _base64(f"deploy:{''.join(chance.choices(ALPHABET, k=14))}"))
    while "{crc}" in text:
        body, _, rest = text.partition("{crc}")
        text = body + _checksum(body[-30:]) + rest
    return text


def _with_letters(template: str) -> str:
    text = re.sub(r"\{([^{}\n]+):(\d+)\}", lambda m: "x" * int(m[2]), template)
    text = text.replace("{crc}", "xxxxxx").replace("{login}", _base64("user:password"))
    return text.replace("{jwt}", _jwt("1234567890", random.Random(1)))


def _letters(kinds: str) -> str:
    return re.sub(r"(\w)-(\w)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), kinds)


def _cut(text: str) -> tuple[str, str]:
    before, _, rest = text.partition("[[")
    secret, _, after = rest.partition("]]")
    return before + secret + after, secret


def _jwt(subject: str, chance: random.Random) -> str:
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": subject, "iat": 1700000000})]
    return ".".join([*(_base64(part).rstrip("=") for part in parts), "".join(chance.choices(ALPHABET, k=43))])


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits.rjust(6, "0")
