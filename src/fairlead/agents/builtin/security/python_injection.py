"""Sinks: where text from outside becomes SQL, a command, a path, a template, code or an address."""

import ast
import re

from fairlead.agents.builtin.security.python_sites import REASONS, Check, Site
from fairlead.agents.builtin.security.python_sources import route
from fairlead.agents.builtin.security.python_values import KNOWN, OPAQUE, REQUEST, TYPED, Value
from fairlead.core.findings import Severity

# How bad a rule is at each level of proof; a level that is missing is not reported.
SEVERITIES: dict[str, dict[int, Severity]] = {
    "sql-injection": {OPAQUE: "medium", TYPED: "medium", REQUEST: "high"},
    "command-injection": {OPAQUE: "medium", TYPED: "medium", REQUEST: "critical"},
    "code-injection": {OPAQUE: "medium", TYPED: "medium", REQUEST: "critical"},
    "template-injection": {OPAQUE: "low", TYPED: "low", REQUEST: "critical"},
    "path-traversal": {REQUEST: "high"},
    "open-redirect": {REQUEST: "medium"},
    "ssrf": {REQUEST: "high"},
    "unsafe-deserialisation": {OPAQUE: "medium", TYPED: "medium", REQUEST: "critical"},
    "xss": {OPAQUE: "low", TYPED: "low", REQUEST: "high"},
    "xxe": {REQUEST: "medium"},
}

_SQL = re.compile(
    r"^\s*(select\b|insert\s+into\b|update\s+\S+\s+set\b|delete\s+from\b|replace\s+into\b|with\s+\S+\s+as\b|merge\s+into\b"
    r"|(create|drop|alter|truncate)\s+(table|index|view|database|user|role|schema)\b|truncate\s|grant\s|exec(ute)?\s|call\s"
    r"|pragma\s|copy\s)|\bselect\b.*\bfrom\b|\bwhere\b.*[=<>]|\border\s+by\b|\bunion\s+select\b",
    re.IGNORECASE | re.DOTALL,
)
# An unknown part where a value stands, in contrast to the name of a table or column, which cannot be a parameter.
_SQL_VALUE = re.compile(
    r"(=|<|>|\blike\b|\bin\s*\(|\bvalues\s*\(|\blimit\b|\boffset\b|\bbetween\b|')[^\0\1a-z]*[\0\1]", re.IGNORECASE
)
# What stands before the first part from outside and settles where an address leads: a host, a path, or a value that the
# program has chosen, with something behind it.
_FIXED_HOST = re.compile(
    r"\s*(\0[^\1]*[/?#]|[a-z][a-z0-9+.-]*://[^/?#@\1]+[/?#]|/[^/\\\1]|[\w.-]+[/?#]|[?#])", re.IGNORECASE
)
_DATABASE = re.compile(
    r"(^|[._])(cur|cursor|conn|connection|db|database|session|engine|sqlite3|psycopg|c|con)\w*(\(\))?$", re.I
)


def _report(site: Site, rule: str, value: Value, node: ast.expr, does: str, kind: str) -> None:
    """Report *rule* as far as it is proven. *does* says what becomes of the value."""
    level = value.danger(kind)
    severity = SEVERITIES[rule].get(level)
    if severity is None or level == KNOWN:
        return
    whence = f"{value.source} and" if value.source else "a value that is not constant"
    at = value.made_at if value.made_at is not None and value.is_built else node
    site.report.add(rule, at, f"{whence[0].upper()}{whence[1:]} {does}.", severity, REASONS[level])


def sql(site: Site) -> Value | None:
    node = site.argument(0, "sql", "query", "statement", "operation", "raw_query", "text")
    if node is None:
        return None
    value = site.flow.known(node)
    text = value.text or ""
    if value.is_built and value.level == OPAQUE and _SQL.search(text) and not _SQL_VALUE.search(text):
        if value.danger("sql"):
            site.report.add(
                "sql-injection",
                value.made_at or node,
                "A name that is not constant is put into the text of an SQL statement.",
                "low",
                "It stands where a table or column is named; no parameter can be, and mostly the program names them.",
            )
    elif value.is_built and _SQL.search(text):
        _report(site, "sql-injection", value, node, "is put into the text of an SQL statement", "sql")
    elif value.level == REQUEST and _DATABASE.search(site.name.rpartition(".")[0]) and not value.is_built:
        _report(site, "sql-injection", value, node, "is executed as SQL", "sql")
    return None


def sql_text(site: Site) -> Value | None:
    """`sqlalchemy.text(…)` and `RawSQL(…)`: the text itself becomes SQL."""
    sql(site)
    return site.value(0, "text", "sql")._replace(kind=f"{site.name}()")


def sql_extra(site: Site) -> Value | None:
    """Django's `QuerySet.extra`: every part of it is SQL."""
    if site.has("where", "select", "tables", "order_by") or site.call.args:
        for keyword in site.call.keywords:
            value = site.flow.known(keyword.value)
            if keyword.arg in ("where", "select", "tables") and (value.is_built or value.level >= TYPED):
                _report(site, "sql-injection", value, keyword.value, "becomes part of an SQL statement", "sql")
    return None


def shell(site: Site) -> Value | None:
    """Functions that hand their text to a shell."""
    node = site.argument(0, "command", "cmd")
    if node is not None:
        _shell_text(site, node)
    return None


def process(site: Site) -> Value | None:
    """`subprocess.run` and its like: a shell only when asked for."""
    node = site.argument(0, "args", "cmd")
    if node is None:
        return None
    if site.constant(-1, "shell") is True:
        _shell_text(site, node)
        return None
    if isinstance(node, ast.List | ast.Tuple) and node.elts:
        values = [site.flow.known(element) for element in node.elts]
        words = [value.constant for value in values]
        if str(words[0]).rpartition("/")[2] in ("sh", "bash", "zsh", "dash") and "-c" in words:
            script = words.index("-c") + 1
            if script < len(values):
                _shell_text(site, node.elts[script])
        elif values[0].level == REQUEST:
            _report(site, "command-injection", values[0], node.elts[0], "chooses the program that is run", "command")
    else:
        value = site.flow.known(node)
        if value.level == REQUEST and not value.is_built:
            _report(site, "command-injection", value, node, "chooses the program that is run", "command")
    return None


def _shell_text(site: Site, node: ast.expr) -> None:
    value = site.flow.known(node)
    if value.level == OPAQUE and not value.is_built:
        if value.danger("command"):
            site.report.add(
                "command-injection", node, "Text that is not constant is run by a shell.", "low",
                "The text is not put together here, and where it comes from is not known.",
            )  # fmt: skip
        return
    _report(site, "command-injection", value, node, "is put into a command that a shell reads", "command")


def code(site: Site) -> Value | None:
    node = site.argument(0, "source", "object", "expression")
    if node is not None and site.name in ("eval", "exec", "builtins.eval", "builtins.exec"):
        _report(site, "code-injection", site.flow.known(node), node, f"is run as Python by {site.method}()", "code")
    return None


def template(site: Site) -> Value | None:
    node = site.argument(0, "source", "template_string", "template_code", "text")
    if node is None:
        return None
    value = site.flow.known(node)
    is_template = site.method != "Template" or site.name.partition(".")[0] in ("jinja2", "mako", "django", "flask")
    if is_template and (value.level > OPAQUE or value.is_built):
        _report(site, "template-injection", value, node, "becomes the source of a template", "template")
    return None


def path(site: Site) -> Value | None:
    """Functions whose first argument names a file."""
    if site.method == "open" and site.receiver.kind in ("pathlib.Path()", "pathlib.PurePath()"):
        return path_method(site)
    if site.method == "open" and site.receiver.kind in ("zipfile.ZipFile()", "tarfile.open()", "tarfile.TarFile()"):
        return None  # a member is read inside of its archive, whatever it is called
    node = site.argument(0, "file", "path", "filename", "path_or_file", "src", "directory")
    if node is not None and (site.method in _BY_ITSELF or "." in site.name):
        _path(site, site.flow.known(node), node)
    return None


def path_method(site: Site) -> Value | None:
    """Methods of `pathlib.Path`: the receiver names the file."""
    if isinstance(site.call.func, ast.Attribute) and site.receiver.kind != "str":
        is_path = site.receiver.kind.startswith("pathlib.") or "pathlib" in site.flow.names.modules
        if is_path:
            _path(site, site.receiver, site.call.func.value)
    return None


def _path(site: Site, value: Value, node: ast.expr) -> None:
    if value.kind == "archive" or "member of the archive" in value.source:
        if value.danger("path"):
            site.report.add(
                "archive-extraction", node, f"{value.source[0].upper()}{value.source[1:]} and names a file.",
                "medium", "A member may be called ../../x, and whether this one is checked is not visible here.",
            )  # fmt: skip
        return
    _report(site, "path-traversal", value, node, "names a file", "path")


_BY_ITSELF = frozenset({"open", "send_file", "FileResponse", "rmtree", "remove", "unlink"})


def redirect(site: Site) -> Value | None:
    node = site.argument(0, "location", "url", "redirect_to", "to")
    if node is not None and not _has_fixed_host(site.flow.known(node)):
        _report(site, "open-redirect", site.flow.known(node), node, "decides where the browser is sent", "redirect")
    return None


_HTTP_CLIENTS = ("requests.", "httpx.", "urllib.request.", "urllib3.", "aiohttp.", "urllib2.")


def fetch(site: Site) -> Value | None:
    """Functions that send a request; the address stands first, or second after the method."""
    if not (site.name.startswith(_HTTP_CLIENTS) or site.receiver.kind.startswith(_HTTP_CLIENTS)):
        return None
    is_second = site.method in ("request", "stream") and not site.name.startswith("urllib.")
    node = site.argument(1 if is_second else 0, "url", "fullurl")
    if node is not None and not _has_fixed_host(site.flow.known(node)):
        _report(
            site, "ssrf", site.flow.known(node), node, "decides to which address this server sends a request", "ssrf"
        )
    return None


def _has_fixed_host(value: Value) -> bool:
    return value.text is not None and _FIXED_HOST.match(value.text) is not None


def markup(site: Site) -> Value | None:
    node = site.argument(0, "s", "object", "value")
    if node is not None:
        value = site.flow.known(node)
        if value.level > OPAQUE or value.is_built:
            _report(site, "xss", value, node, "is marked as safe HTML without escaping", "html")
    return None


def page(site: Site) -> Value | None:
    """A response whose content is HTML unless it says otherwise."""
    node = site.argument(0, "content", "body", "response")
    kinds = [site.constant(-1, "content_type", "media_type", "mimetype")]
    is_html = not site.has("content_type", "media_type", "mimetype") or "text/html" in str(kinds[0])
    if node is not None and is_html:
        value = site.flow.known(node)
        if value.level == REQUEST:
            _report(site, "xss", value, node, "is sent as HTML without escaping", "html")
    return None


def returned(node: ast.Return, site: Site) -> None:
    """A Flask route that returns text sends it as HTML."""
    functions = site.flow.functions
    if node.value is None or not functions or "flask" not in site.flow.names.modules or route(functions[-1]) is None:
        return
    value = site.flow.known(node.value)
    if value.level == REQUEST and value.is_built and "<" in (value.text or ""):
        _report(site, "xss", value, node.value, "is sent as HTML without escaping", "html")


_PATHS = (
    "open remove unlink rmdir rmtree copy copy2 copyfile copytree move listdir scandir mkdir makedirs send_file "
    "FileResponse startfile chmod chown rename"
).split()
_PATH_METHODS = "read_text read_bytes write_text write_bytes iterdir touch".split()

# By the last part of a call's name: sinks that matter without a proven source …
SINKS: dict[str, Check] = {
    **dict.fromkeys(("execute", "executemany", "executescript", "raw", "mogrify", "read_sql", "read_sql_query"), sql),
    **dict.fromkeys(("fetchrow", "fetchval", "execute_sql", "read_sql_table"), sql),
    "RawSQL": sql_text,
    "text": lambda site: sql_text(site) if site.name.startswith("sqlalchemy") else None,
    "extra": sql_extra,
    **dict.fromkeys(("system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"), shell),
    **dict.fromkeys(("eval", "exec"), code),
    **dict.fromkeys(("render_template_string", "from_string", "Template"), template),
    **dict.fromkeys(("mark_safe", "Markup", "SafeString", "SafeText"), markup),
}
# … and those that matter only with one.
SINKS_FOR_REQUESTS: dict[str, Check] = {
    **dict.fromkeys(_PATHS, path),
    **dict.fromkeys(_PATH_METHODS, path_method),
    **dict.fromkeys(("redirect", "HttpResponseRedirect", "RedirectResponse", "HTTPFound", "HTTPSeeOther"), redirect),
    **dict.fromkeys("get post put delete head patch options request stream urlopen urlretrieve Request".split(), fetch),
    **dict.fromkeys(("HttpResponse", "HTMLResponse", "Response", "make_response"), page),
}
PROCESSES: dict[str, Check] = dict.fromkeys(("run", "call", "check_call", "check_output", "Popen"), process)
