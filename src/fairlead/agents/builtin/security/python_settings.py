"""Protections that are switched off, and cryptography that protects nothing: mostly visible in one call."""

import ast
import re

from fairlead.agents.builtin.security.python_sites import Check, Report, Site
from fairlead.agents.builtin.security.python_values import Value

_SECRETS = re.compile(
    r"passw|passphrase|secret|token|nonce|otp|csrf|api_?key|session_?id|salt|captcha|credential|signature|reset_?code",
    re.IGNORECASE,
)
_HTTP = ("requests.", "httpx.", "aiohttp.", "urllib3.")
_WEAK_CIPHERS = frozenset({"DES", "DES3", "ARC2", "ARC4", "Blowfish", "XOR", "CAST"})
_WEAK_ALGORITHMS = frozenset({"ARC4", "Blowfish", "IDEA", "CAST5", "SEED", "TripleDES"})
_ALL_ADDRESSES = ("0.0.0.0", "::", "")


# ------------------------------------------------------------------------------------------------------- cryptography


def weak_hash(site: Site) -> Value | None:
    name, call = site.name, site.call
    if name.startswith("hashlib."):
        kind = str(site.constant(0, "name")).lower() if site.method == "new" else site.method.lower()
    elif name.startswith(("Crypto.Hash.", "Cryptodome.Hash.")):
        kind = name.split(".")[2].lower()
    elif name.startswith("cryptography.hazmat.primitives.hashes."):
        kind = site.method.lower()
    else:
        return None
    if kind.replace("-", "") not in ("md4", "md5", "sha", "sha1") or site.constant(-1, "usedforsecurity") is False:
        return None
    words = " ".join((*_surroundings(site), *[ast.unparse(argument) for argument in call.args[:2]]))
    if _SECRETS.search(words):
        site.report.add(
            "weak-hash", call, f"{kind.upper()} is used on something that looks like a secret.", "medium",
            "The names around it speak of a password, token or signature.",
        )  # fmt: skip
    else:
        site.report.add("weak-hash", call, f"{kind.upper()} is broken as a cryptographic hash.")
    return None


def weak_cipher(site: Site) -> Value | None:
    parts = site.name.split(".")
    is_weak = False
    if parts[0] in ("Crypto", "Cryptodome") and "Cipher" in parts and site.method == "new":
        is_weak = parts[-2] in _WEAK_CIPHERS
        mode = site.argument(1, "mode")
        if mode is not None and site.flow.names.qualified(mode).endswith(".MODE_ECB"):
            site.report.add("ecb-mode", site.call, "ECB shows which blocks of the plain text are equal.")
    elif parts[0] == "cryptography" and "algorithms" in parts:
        is_weak = site.method in _WEAK_ALGORITHMS
    elif site.name.startswith("cryptography.") and site.method == "ECB":
        site.report.add("ecb-mode", site.call, "ECB shows which blocks of the plain text are equal.")
    if is_weak:
        cipher = parts[-2] if site.method == "new" else site.method
        site.report.add("weak-cipher", site.call, f"The cipher {cipher} can be broken.")
    return None


def weak_key(site: Site) -> Value | None:
    if not site.name.startswith(("cryptography.", "Crypto.", "Cryptodome.")):
        return None
    bits = site.constant(1 if site.name.startswith("cryptography.") else 0, "key_size", "bits")
    is_curve = ".ec." in site.name or ".ECC" in site.name
    if isinstance(bits, int) and not isinstance(bits, bool) and not is_curve and 0 < bits < 2048:
        site.report.add("weak-key", site.call, f"A key of {bits} bits is too short: 2048 is the least.")
    return None


def insecure_random(site: Site) -> Value | None:
    """`random` where the names around it say that the number must not be guessed."""
    if site.name.startswith("random.") and not site.name.startswith("random.SystemRandom"):
        words = " ".join(_surroundings(site))
        if _SECRETS.search(words):
            site.report.add(
                "insecure-random", site.call, f"{site.name}() can be predicted, and this looks like a secret."
            )
    return None


def _surroundings(site: Site) -> list[str]:
    """The names that say what a value is for: the target of the assignment, the function around it."""
    found = [function.name for function in site.flow.functions[-1:]]
    here = site.flow.here
    targets = here.targets if isinstance(here, ast.Assign) else [here.target] if isinstance(here, ast.AnnAssign) else []
    return found + [ast.unparse(target) for target in targets]


# ---------------------------------------------------------------------------------------------------------------- TLS


def http_call(site: Site) -> Value | None:
    """`verify=False` and its like on a call that sends a request."""
    is_http = site.name.startswith(_HTTP) or site.receiver.kind.startswith(_HTTP)
    if is_http and (site.constant(-1, "verify") is False or site.constant(-1, "verify_ssl", "ssl") is False):
        site.report.add(
            "tls-verification-off", site.call, "The certificate of the other side is not checked.", "high",
            "The check is switched off by a constant in the call itself.",
        )  # fmt: skip
    elif is_http and site.constant(-1, "cert_reqs") in ("CERT_NONE", "NONE"):
        site.report.add("tls-verification-off", site.call, "The certificate of the other side is not checked.")
    return None


def unverified_context(site: Site) -> Value | None:
    if site.name == "ssl._create_unverified_context":
        site.report.add("tls-verification-off", site.call, "This context checks no certificate.")
    elif site.name in ("ssl.wrap_socket", "ssl.SSLContext") or site.method == "PoolManager":
        for node in [*site.call.args, *[keyword.value for keyword in site.call.keywords]]:
            word = site.flow.names.qualified(node)
            if word in ("ssl.CERT_NONE", "CERT_NONE"):
                site.report.add("tls-verification-off", site.call, "The certificate of the other side is not checked.")
            elif word in _OLD_TLS:
                site.report.add(
                    "weak-tls", node, f"{word.rpartition('.')[2]} is a version of the protocol that is broken."
                )
    return None


_OLD_TLS = frozenset(f"ssl.PROTOCOL_{version}" for version in ("SSLv2", "SSLv3", "TLSv1", "TLSv1_1"))


def host_key(site: Site) -> Value | None:
    node = site.argument(0, "policy")
    word = site.flow.names.qualified(node) if node is not None else ""
    if word.removesuffix("()").endswith(("AutoAddPolicy", "WarningPolicy")):
        site.report.add("ssh-host-key-unchecked", site.call, "Any host key is accepted, so another machine can answer.")
    return None


def jwt(site: Site) -> Value | None:
    if not site.name.startswith(("jwt.", "jose.jwt.", "authlib.")):
        return None
    options = site.argument(-1, "options")
    is_off = site.constant(-1, "verify") is False
    if isinstance(options, ast.Dict):
        for key, value in zip(options.keys, options.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "verify_signature":
                is_off = is_off or site.flow.known(value).constant is False
    algorithms = site.argument(2, "algorithms")
    names = algorithms.elts if isinstance(algorithms, ast.List | ast.Tuple) else []
    if any(isinstance(name, ast.Constant) and str(name.value).lower() == "none" for name in names):
        site.report.add(
            "jwt-unverified", site.call, "A token without any signature is accepted.", "high",
            "The algorithm `none` is allowed by a constant in the call itself.",
        )  # fmt: skip
    elif is_off:
        site.report.add("jwt-unverified", site.call, "The signature of the token is not checked.")
    return None


# ----------------------------------------------------------------------------------------------- servers and files


def server(site: Site) -> Value | None:
    """`app.run(…)`: a debug server, or one that all the network can reach."""
    is_web = site.flow.names.modules & {"flask", "bottle", "quart", "uvicorn", "aiohttp", "fastapi", "sanic", "dash"}
    if not is_web or site.name.startswith(("subprocess.", "asyncio.")):
        return None
    is_open = site.constant(-1, "host") in _ALL_ADDRESSES
    if site.constant(-1, "debug") is True:
        if is_open:
            site.report.add(
                "debug-server", site.call, "The debugger of this server can be reached from the whole network.", "high",
                "debug=True and an open address stand in one call: the debugger runs any Python.",
            )  # fmt: skip
        else:
            site.report.add("debug-server", site.call, "The server starts with its debugger on.")
    if is_open and site.constant(-1, "host") != "":
        site.report.add("bind-all-interfaces", site.call, "The server listens on every address of the machine.")
    return None


def bind(site: Site) -> Value | None:
    node = site.argument(0, "address")
    if not isinstance(node, ast.Tuple) or not node.elts or "socket" not in site.flow.names.modules:
        return None
    if site.flow.known(node.elts[0]).constant in _ALL_ADDRESSES:
        site.report.add("bind-all-interfaces", site.call, "The socket listens on every address of the machine.")
    return None


def mktemp(site: Site) -> Value | None:
    if site.name in ("tempfile.mktemp", "os.tempnam", "os.tmpnam"):
        site.report.add("insecure-temporary-file", site.call, "Somebody else can make a file of this name first.")
    return None


def world_writable(site: Site) -> Value | None:
    mode = site.constant(1 if site.name == "os.chmod" else 0, "mode")
    if isinstance(mode, int) and not isinstance(mode, bool) and mode & 0o002 and not mode & 0o1000:
        site.report.add("loose-permissions", site.call, f"Everybody on the machine may write to it (mode {mode:o}).")
    return None


def cors(site: Site) -> Value | None:
    words = [site.flow.names.qualified(argument) for argument in site.call.args]
    if site.method == "add_middleware" and any(word.endswith("CORSMiddleware") for word in words):
        is_any = _allows_all(site, "allow_origins") or site.constant(-1, "allow_origin_regex") in (".*", ".+", "^.*$")
        has_credentials = site.constant(-1, "allow_credentials") is True
    elif site.name in ("flask_cors.CORS", "flask_cors.cross_origin", "CORS"):
        is_any = not site.has("origins", "resources") or _allows_all(site, "origins")
        has_credentials = site.constant(-1, "supports_credentials") is True
    else:
        return None
    if is_any and has_credentials:
        site.report.add("cors-any-origin", site.call, "Every web site may send requests with the user's cookies.")
    return None


def _allows_all(site: Site, keyword: str) -> bool:
    node = site.argument(-1, keyword)
    if isinstance(node, ast.List | ast.Tuple):
        return any(isinstance(part, ast.Constant) and part.value == "*" for part in node.elts)
    return site.constant(-1, keyword) == "*"


# ----------------------------------------------------------------------------------------------------- assignments


def assigned(
    node: ast.Assign, value: Value, site_report: Report, path: str, modules: set[str], seen: dict[str, object]
) -> None:
    """Settings that are assignments: `DEBUG = True`, `context.verify_mode = CERT_NONE`. *seen* is the module's."""
    for target in node.targets:
        if isinstance(target, ast.Name):
            seen[target.id] = value.constant
            if target.id == "DEBUG" and value.constant is True and _is_settings(path):
                is_for_work = re.search(r"dev|local|test|example|debug", path, re.IGNORECASE) is not None
                site_report.add(
                    "debug-server", node, "Debug pages show source, settings and variables to every visitor.",
                    "low" if is_for_work else "medium",
                    "The file's name says that it is not for production." if is_for_work
                    else "Nothing in the assignment limits it to development.",
                )  # fmt: skip
            elif target.id == "CORS_ALLOW_CREDENTIALS" or target.id in (
                "CORS_ALLOW_ALL_ORIGINS",
                "CORS_ORIGIN_ALLOW_ALL",
            ):
                is_any = True in (seen.get("CORS_ALLOW_ALL_ORIGINS"), seen.get("CORS_ORIGIN_ALLOW_ALL"))
                if is_any and seen.get("CORS_ALLOW_CREDENTIALS") is True:
                    site_report.add(
                        "cors-any-origin", node, "Every web site may send requests with the user's cookies."
                    )
        elif isinstance(target, ast.Attribute):
            _attribute_assigned(node, target, value, site_report, modules)


def _attribute_assigned(
    node: ast.Assign, target: ast.Attribute, value: Value, report: Report, modules: set[str]
) -> None:
    written = ast.unparse(node.value) if isinstance(node.value, ast.Attribute | ast.Name) else ""
    if target.attr == "verify_mode" and written.rpartition(".")[2] == "CERT_NONE":
        report.add("tls-verification-off", node, "The certificate of the other side is not checked.")
    elif target.attr == "check_hostname" and value.constant is False and "ssl" in modules:
        report.add(
            "tls-verification-off", node, "The name in the certificate is not compared with the host.", "low",
            "Only the comparison of names is off.",
        )  # fmt: skip
    elif target.attr == "_create_default_https_context" and "unverified" in written:
        report.add(
            "tls-verification-off", node, "Certificates are not checked anywhere in this process.", "high",
            "The check is switched off for the whole process by this assignment.",
        )  # fmt: skip
    elif target.attr == "verify" and value.constant is False and modules & {"requests", "httpx"}:
        report.add("tls-verification-off", node, "The certificate of the other side is not checked.")
    elif target.attr == "debug" and value.constant is True and "flask" in modules:
        report.add("debug-server", node, "The application starts with its debugger on.")


def _is_settings(path: str) -> bool:
    return re.search(r"(^|/)(settings|config)(/[^/]*|[^/]*)\.py$", path) is not None


CHECKS: dict[str, Check] = {
    **dict.fromkeys(("md4", "md5", "sha1", "sha", "MD4", "MD5", "SHA1", "SHA"), weak_hash),
    **dict.fromkeys(sorted((_WEAK_CIPHERS | _WEAK_ALGORITHMS) - {"SEED"}), weak_cipher),
    "SEED": weak_cipher,
    "ECB": weak_cipher,
    **dict.fromkeys(("generate_private_key", "generate", "generate_parameters"), weak_key),
    **dict.fromkeys(
        "random randint choice choices randrange getrandbits sample randbytes uniform".split(), insecure_random
    ),
    **dict.fromkeys(("_create_unverified_context", "wrap_socket", "SSLContext"), unverified_context),
    "PoolManager": lambda site: http_call(site) or unverified_context(site),
    "set_missing_host_key_policy": host_key,
    "mktemp": mktemp,
    "tempnam": mktemp,
    "tmpnam": mktemp,
    "chmod": world_writable,
    "fchmod": world_writable,
    **dict.fromkeys(("add_middleware", "CORS", "cross_origin"), cors),
}
