"""How findings in Python are mended: one function for each rule, called with every node of the finding's statement.

Each change is the smallest that removes the fault, and strictly safer than what was there: where it could break
something, it breaks with an error and not in silence. A function that finds nothing to change changes nothing.
"""

import ast
from collections.abc import Callable, Mapping

from fairlead.agents.builtin.patcher_rules.python_commands import command_injection
from fairlead.agents.builtin.patcher_rules.python_sql import sql_injection
from fairlead.agents.builtin.patcher_rules.source import NoFix, Source
from fairlead.core.findings import Finding

Fix = Callable[[Source, ast.AST, Finding], None]

_TIMEOUT_S = 10  # that a request without a time limit is given
_KEY_BITS = 3072

_WEAK_HASHES = ("md4", "md5", "sha1", "new")
_OLD_TLS = frozenset(f"ssl.PROTOCOL_{version}" for version in ("SSLv2", "SSLv3", "TLSv1", "TLSv1_1"))
_LOADS = {
    "load": "safe_load",
    "load_all": "safe_load_all",
    "full_load": "safe_load",
    "full_load_all": "safe_load_all",
    "unsafe_load": "safe_load",
    "unsafe_load_all": "safe_load_all",
}
_DEBUGGERS = ("pdb", "ipdb", "pudb", "wdb", "debugpy")


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _keyword(call: ast.Call, *names: str) -> ast.keyword | None:
    return next((one for one in call.keywords if one.arg in names), None)


# ---------------------------------------------------------------------------------------------------------------- data


def unsafe_deserialisation(source: Source, node: ast.AST, finding: Finding) -> None:
    """YAML is read by the loader that makes plain data; torch reads weights only."""
    if not isinstance(node, ast.Call):
        return
    name = source.names.qualified(node.func)
    if name == "torch.load":
        source.set_argument(node, "weights_only", "True")
    elif name.startswith("yaml.") and (safe := _LOADS.get(name.removeprefix("yaml."))):
        if isinstance(node.func, ast.Attribute):
            source.rename(node.func, safe)
        else:
            source.add_import("yaml")
            source.replace(node.func, f"yaml.{safe}")
        loader = _keyword(node, "Loader") or (node.args[1] if len(node.args) > 1 else None)
        if loader is not None:
            source.remove_argument(node, loader)


def archive_extraction(source: Source, node: ast.AST, finding: Finding) -> None:
    """tarfile refuses members that leave the folder, links that lead out of it, and devices."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "extractall":
        source.set_argument(node, "filter", f"{source.quote}data{source.quote}")


def xxe(source: Source, node: ast.AST, finding: Finding) -> None:
    """lxml's parser, and that of SAX, is told not to read entities."""
    if not isinstance(node, ast.Call):
        return
    for keyword in node.keywords:
        if keyword.arg in ("resolve_entities", "load_dtd") and _is(keyword.value, True):
            source.replace(keyword.value, "False")
    is_feature = isinstance(node.func, ast.Attribute) and node.func.attr == "setFeature" and len(node.args) == 2
    if is_feature and isinstance(node.args[1], ast.Constant) and node.args[1].value in (True, 1):
        source.replace(node.args[1], "False")


# ------------------------------------------------------------------------------------------------------- cryptography


def weak_hash(source: Source, node: ast.AST, finding: Finding) -> None:
    """A checksum says that it is none of the things that a broken hash must not be used for."""
    if not isinstance(node, ast.Call):
        return
    name = source.names.qualified(node.func)
    if name.startswith("hashlib.") and name.removeprefix("hashlib.") in _WEAK_HASHES:
        if "secret" in finding.message:
            raise NoFix("The hash protects something, so that what is stored must be made anew with another.")
        source.set_argument(node, "usedforsecurity", "False")


def weak_key(source: Source, node: ast.AST, finding: Finding) -> None:
    """A new key is long enough; keys that exist stay as they are."""
    if isinstance(node, ast.Call):
        values = [*node.args, *(one.value for one in node.keywords if one.arg in ("key_size", "bits"))]
        for value in values:
            if isinstance(value, ast.Constant) and type(value.value) is int and 256 <= value.value < 2048:
                source.replace(value, str(_KEY_BITS))


def insecure_random(source: Source, node: ast.AST, finding: Finding) -> None:
    """The same function of the operating system's generator, which nobody can foresee."""
    if not isinstance(node, ast.Call):
        return
    name = source.names.qualified(node.func)
    method = name.removeprefix("random.")
    if not name.startswith("random.") or not method.isidentifier() or method in ("Random", "SystemRandom", "seed"):
        return
    if isinstance(node.func, ast.Attribute):
        source.rename(node.func, f"SystemRandom().{method}")
    else:
        source.add_import("secrets")
        source.replace(node.func, f"secrets.SystemRandom().{method}")


# ----------------------------------------------------------------------------------------------------------------- TLS


def tls_verification_off(source: Source, node: ast.AST, finding: Finding) -> None:
    """The check is on again, as it is when nobody says anything."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in ("verify", "verify_ssl", "ssl") and _is(keyword.value, False):
                source.remove_argument(node, keyword)
            elif keyword.arg == "cert_reqs" and "CERT_NONE" in source.text_of(keyword.value):
                text = source.text_of(keyword.value).replace("CERT_NONE", "CERT_REQUIRED")
                source.replace(keyword.value, text)
        if source.names.qualified(node.func) == "ssl._create_unverified_context":
            _rename_of_ssl(source, node.func, "create_default_context")
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
        _tls_assigned(source, node, node.targets[0])


def _tls_assigned(source: Source, node: ast.Assign, target: ast.Attribute) -> None:
    if target.attr == "verify_mode" and isinstance(node.value, ast.Attribute) and node.value.attr == "CERT_NONE":
        source.rename(node.value, "CERT_REQUIRED")
    elif target.attr in ("verify", "check_hostname") and _is(node.value, False):
        source.replace(node.value, "True")
        if target.attr == "check_hostname":
            _verify_beside(source, source.text_of(target.value))
    elif target.attr == "_create_default_https_context" and isinstance(node.value, ast.Attribute | ast.Name):
        _rename_of_ssl(source, node.value, "create_default_context")


def _verify_beside(source: Source, context: str) -> None:
    """A context that compares names must check certificates too: ssl raises where only the first is asked for."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
            target = node.targets[0]
            if target.attr == "verify_mode" and source.text_of(target.value) == context:
                _tls_assigned(source, node, target)


def _rename_of_ssl(source: Source, node: ast.expr, name: str) -> None:
    if isinstance(node, ast.Attribute):
        source.rename(node, name)
    else:
        source.add_import("ssl")
        source.replace(node, f"ssl.{name}")


def weak_tls(source: Source, node: ast.AST, finding: Finding) -> None:
    """Both sides agree on the newest version that they know."""
    if isinstance(node, ast.Attribute) and source.names.qualified(node) in _OLD_TLS:
        source.rename(node, "PROTOCOL_TLS")


def ssh_host_key_unchecked(source: Source, node: ast.AST, finding: Finding) -> None:
    """Only hosts whose key is known are spoken to; the user's known hosts are loaded."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return
    call = node.value
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "set_missing_host_key_policy" or not call.args:
        return
    policy = call.args[0]
    name = policy.func if isinstance(policy, ast.Call) else policy
    if isinstance(name, ast.Attribute):
        source.rename(name, "RejectPolicy")
    else:
        source.add_import("paramiko", "RejectPolicy")
        source.replace(name, "RejectPolicy")
    if "load_system_host_keys" not in source.text and source.is_alone(node):
        start, _ = source.line_around(source.begin(node))
        indent = source.text[start : source.begin(node)]
        source.edit(start, start, f"{indent}{source.text_of(call.func.value)}.load_system_host_keys(){source.line_end}")


# --------------------------------------------------------------------------------------------------- servers and files


def request_without_timeout(source: Source, node: ast.AST, finding: Finding) -> None:
    """The request gives up after ten seconds without an answer."""
    if isinstance(node, ast.Call) and source.names.qualified(node.func).startswith(("requests.", "httpx.")):
        timeout = _keyword(node, "timeout")
        if timeout is None or _is(timeout.value, None):
            source.set_argument(node, "timeout", str(_TIMEOUT_S))


def debug_server(source: Source, node: ast.AST, finding: Finding) -> None:
    """The debugger is off unless the environment switches it on."""
    if isinstance(node, ast.Call):
        keyword = _keyword(node, "debug", "use_debugger")
        if keyword is not None and _is(keyword.value, True):
            source.remove_argument(node, keyword)
    elif isinstance(node, ast.Assign) and _is(node.value, True):
        source.replace(node.value, "False")


def insecure_temporary_file(source: Source, node: ast.AST, finding: Finding) -> None:
    """The file is made together with its name, for its owner alone."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return
    if source.names.qualified(node.value.func) != "tempfile.mktemp":
        return
    if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name) or not source.is_alone(node):
        raise NoFix("The name is not kept in a variable of its own.")
    handle = next(name for name in ("handle", "descriptor", "temporary_handle", "") if name not in source.bound)
    if not handle:
        raise NoFix("No name is free for the handle of the file.")
    source.add_import("os")
    source.edit(source.begin(node), source.begin(node), f"{handle}, ")
    if isinstance(node.value.func, ast.Attribute):
        source.rename(node.value.func, "mkstemp")
    else:
        source.add_import("tempfile")
        source.replace(node.value.func, "tempfile.mkstemp")
    start, _ = source.line_around(source.begin(node))
    indent = source.text[start : source.begin(node)]
    _, end = source.line_around(source.end(node))
    before = "" if source.text[:end].endswith("\n") else source.line_end
    source.edit(end, end, f"{before}{indent}os.close({handle}){source.line_end if not before else ''}")


def loose_permissions(source: Source, node: ast.AST, finding: Finding) -> None:
    """Only the owner may write; what others may read stays."""
    if isinstance(node, ast.Call) and source.names.qualified(node.func).rpartition(".")[2] in ("chmod", "fchmod"):
        for value in (*node.args, *(one.value for one in node.keywords if one.arg == "mode")):
            if isinstance(value, ast.Constant) and type(value.value) is int and value.value & 0o002:
                source.replace(value, f"0o{value.value & ~0o022:03o}")


def template_autoescape_off(source: Source, node: ast.AST, finding: Finding) -> None:
    """Jinja escapes in HTML and XML templates, and in those that are given as text."""
    if not isinstance(node, ast.Call) or source.names.qualified(node.func) != "jinja2.Environment":
        return
    if isinstance(node.func, ast.Attribute):
        source.set_argument(node, "autoescape", f"{source.text_of(node.func.value)}.select_autoescape()")
    else:
        source.add_import("jinja2", "select_autoescape")
        source.set_argument(node, "autoescape", "select_autoescape()")


# -------------------------------------------------------------------------------------------------------------- review


def bare_except(source: Source, node: ast.AST, finding: Finding) -> None:
    """What is meant to end the program passes."""
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        at = source.begin(node) + len("except")
        source.edit(at, at, " Exception")


def leftover_debugger(source: Source, node: ast.AST, finding: Finding) -> None:
    """The call is taken out, and the import that only it needed."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return
    name = source.names.qualified(node.value.func)
    if name != "breakpoint" and not (name.startswith(_DEBUGGERS) and name.endswith(("set_trace", "breakpoint"))):
        return
    _remove_statement(source, node)
    module = name.partition(".")[0]
    uses = [one for one in ast.walk(source.tree) if isinstance(one, ast.Name) and one.id == module]
    for statement in ast.walk(source.tree):
        is_alone = isinstance(statement, ast.Import) and [one.name for one in statement.names] == [module]
        if is_alone and len(uses) == 1 and isinstance(statement, ast.Import):
            _remove_statement(source, statement)


def _remove_statement(source: Source, node: ast.stmt) -> None:
    bodies = [getattr(one, field, None) for one in ast.walk(source.tree) for field in ("body", "orelse", "finalbody")]
    if any(isinstance(body, list) and body == [node] for body in bodies):
        source.replace(node, "pass")
    elif source.is_alone(node):
        start, _ = source.line_around(source.begin(node))
        source.edit(start, source.line_around(source.end(node))[1], "")
    else:
        tokens = [one for one in source.tokens if one[0] >= source.end(node)]
        if not tokens or tokens[0][2] != ";":
            raise NoFix("The statement shares its line with others.")
        behind = tokens[1][0] if len(tokens) > 1 else tokens[0][1]
        source.edit(source.begin(node), min(behind, source.line_around(source.end(node))[1]), "")


FIXES: Mapping[str, Fix] = {
    "security/archive-extraction": archive_extraction,
    "security/command-injection": command_injection,
    "security/debug-server": debug_server,
    "security/insecure-random": insecure_random,
    "security/insecure-temporary-file": insecure_temporary_file,
    "security/loose-permissions": loose_permissions,
    "security/request-without-timeout": request_without_timeout,
    "security/sql-injection": sql_injection,
    "security/ssh-host-key-unchecked": ssh_host_key_unchecked,
    "security/template-autoescape-off": template_autoescape_off,
    "security/tls-verification-off": tls_verification_off,
    "security/unsafe-deserialisation": unsafe_deserialisation,
    "security/weak-hash": weak_hash,
    "security/weak-key": weak_key,
    "security/weak-tls": weak_tls,
    "security/xxe": xxe,
    "review/bare-except": bare_except,
    "review/leftover-debugger": leftover_debugger,
}
