"""What a call makes of its arguments: functions after which a value is harmless, and names that an archive brings."""

from fairlead.agents.builtin.security.python_sites import Check, Site
from fairlead.agents.builtin.security.python_values import HARMLESS, KNOWN, TYPED, Value


def _archive_names(site: Site) -> Value | None:
    """The names of an archive's members are chosen by whoever made the archive."""
    modules = site.flow.names.modules
    if "zipfile" in modules or "tarfile" in modules:
        return Value(TYPED, "the name is that of a member of the archive", kind="archive")
    return None


def _cleans(*kinds: str) -> Check:
    """A function after which its argument is harmless for sinks of these *kinds*."""
    gained = frozenset(kinds)

    def check(site: Site) -> Value | None:
        if not site.call.args:
            return None
        value = site.flow.known(site.call.args[-1 if site.method == "safe_join" else 0])
        if site.method in ("join", "safe_join") and len(site.call.args) > 1:
            value = Value(max(site.flow.known(a).level for a in site.call.args), value.source)
        return value._replace(clean=value.clean | gained, text=value.text if value.level == KNOWN else None)

    return check


def _harmless(site: Site) -> Value | None:
    return HARMLESS


_HTML = _cleans("html", "template")
_QUOTED = _cleans("ssrf", "redirect", "html", "path")

# By the last part of the name: what a call returns matters to the flow.
CLEANERS: dict[str, Check] = {
    "quote": lambda site: _cleans("command")(site) if site.name.startswith(("shlex", "pipes")) else _QUOTED(site),
    "quote_plus": _QUOTED,
    "urlencode": _QUOTED,
    "escape": _HTML,
    "conditional_escape": _HTML,
    "clean": lambda site: _HTML(site) if site.name == "bleach.clean" else None,
    "sanitize": _HTML,
    "format_html": _harmless,
    "secure_filename": _cleans("path"),
    "basename": _cleans("path"),
    "get_valid_filename": _cleans("path"),
    "safe_join": _cleans("path"),
    "url_for": _harmless,
    "reverse": _harmless,
    "quote_name": _harmless,
    "qn": _harmless,
    "quote_ident": _harmless,
    "quote_identifier": _harmless,
    "hexdigest": _harmless,
    "uuid4": _harmless,
    "UUID": _harmless,
    "namelist": _archive_names,
    "getnames": _archive_names,
    "infolist": _archive_names,
    "getmembers": _archive_names,
}
