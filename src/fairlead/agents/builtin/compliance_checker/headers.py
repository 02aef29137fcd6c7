"""Security headers: web applications in the tree, and the places that set each header or switch it off."""

import re
from typing import Literal, NamedTuple

from fairlead.agents.builtin.compliance_checker.records import Check, Place, Violation
from fairlead.agents.builtin.compliance_checker.tree import TextFile, Tree, is_own

Header = Literal["csp", "frame", "nosniff", "hsts"]
Group = Literal["Python", "JavaScript", "server"]

_HEADERS: dict[Header, str] = {
    "csp": "Content-Security-Policy",
    "frame": "X-Frame-Options",
    "nosniff": "X-Content-Type-Options",
    "hsts": "Strict-Transport-Security",
}
_BY_NAME: dict[str, Header] = {name.lower(): header for header, name in _HEADERS.items()}
_RULES: dict[Header, str] = {
    "csp": "compliance/header-content-security-policy",
    "frame": "compliance/header-frame-options",
    "nosniff": "compliance/header-content-type-options",
    "hsts": "compliance/header-strict-transport-security",
}
PARSED_CHARACTERS_MAX = 600_000  # a syntax tree takes about a hundred times this in bytes

_NAMES = re.compile("|".join(_HEADERS.values()), re.IGNORECASE)
_SERVER = re.compile(
    r"(^|/)(nginx[^/]*|[^/]*\.(conf|nginx|conf\.template)|sites-(available|enabled)/[^/]+|\.htaccess|Caddyfile|_headers|vercel\.json|netlify\.toml"
    r"|staticwebapp\.config\.json|firebase\.json|web\.config|[^/]*\.tf|(ingress|values|traefik)[^/]*\.ya?ml)$"
)
_CODE = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_NGINX = re.compile(r"(?m)^\s*listen\s+[^;]*\d")
_NGINX_SERVER = re.compile(r"^\s*server\s*\{")
_OFF = re.compile(
    r"(?i)^\s*(?:proxy_hide_header\s+|Header\s+(?:always\s+)?unset\s+)[\"']?(?P<name>[\w-]+)"
    r"|(?P<frame>X-Frame-Options)[\"']?[\s:,]+[\"']?\s*ALLOW-?ALL"
    r"|(?P<hsts>Strict-Transport-Security)[\"']?[\s:,]+[\"']?\s*max-age=0\b"
)


class Off(NamedTuple):
    """A place that switches a protection off. `rule` is given where it is not that of the header."""

    header: Header | None
    path: str
    line: int
    written: str
    rule: str = ""


class Application(NamedTuple):
    """A place that makes a web application, or a server's configuration."""

    group: Group
    path: str
    line: int
    kind: str  # "Flask", "Express", …


class Headers:
    """Collects applications and what they send."""

    limit = 2_000_000

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.applications: list[Application] = []
        self.sets: dict[tuple[Group, Header], list[Place]] = {}
        self.off: list[Off] = []
        self.degraded: list[str] = []

    def wants(self, path: str) -> bool:
        """Whether *path* is code that may make an application, or a server's configuration."""
        return (path.endswith((".py", *_CODE)) or _SERVER.search(path) is not None) and is_own(path)

    def look_at(self, file: TextFile, tree: Tree) -> None:
        """Take in what *file* sends."""
        # The two are imported when such a file is met: each brings a parser.
        if file.path.endswith(".py"):
            from fairlead.agents.builtin.compliance_checker import headers_python

            if headers_python.may_tell(file.data) and len(file.text) <= PARSED_CHARACTERS_MAX:
                headers_python.look_at(file, self)
        elif file.path.endswith(_CODE):
            from fairlead.agents.builtin.compliance_checker import headers_javascript

            if headers_javascript.may_tell(file.data) and len(file.text) <= PARSED_CHARACTERS_MAX:
                try:
                    headers_javascript.look_at(file, self)
                except ImportError as error:
                    if not self.degraded:
                        self.degraded.append(
                            f"FL-A145: {error.name} is not installed, so JavaScript was not looked at."
                        )
        else:
            self._configuration(file)

    def set(self, group: Group, header: Header, path: str, line: int, what: str) -> None:
        """Note that *header* is sent, because of this place."""
        self.sets.setdefault((group, header), []).append(Place(path, line, what))

    def set_named(self, group: Group, text: str, path: str, line: int) -> None:
        """Note every header that is named in *text*."""
        for name in _NAMES.findall(text):
            self.set(group, _BY_NAME[name.lower()], path, line, f"names {_HEADERS[_BY_NAME[name.lower()]]}")
        if "frame-ancestors" in text:
            self.set(group, "frame", path, line, "names frame-ancestors")

    def _configuration(self, file: TextFile) -> None:
        if _NGINX.search(file.text):
            line = next((number for number, text in enumerate(file.lines, 1) if _NGINX_SERVER.match(text)), 0)
            if line:
                self.applications.append(Application("server", file.path, line, "nginx"))
        if not _NAMES.search(file.text):
            return
        for number, text in enumerate(file.lines, 1):
            if text.lstrip().startswith(("#", "//")):
                continue
            if off := _OFF.search(text):
                name = next(value for value in off.groupdict().values() if value)
                if header := _BY_NAME.get(name.lower()):
                    self.off.append(Off(header, file.path, number, text.strip()))
            else:
                self.set_named("server", text, file.path, number)

    # ------------------------------------------------------------------------------------------------------- controls

    def checks(self, tree: Tree) -> dict[str, Check]:
        """What was learnt for the control `security-headers`."""
        check = Check()
        for off in sorted(self.off):
            name = _HEADERS[off.header] if off.header else ""
            message = (
                f"`{off.written[:100]}` switches {name} off."
                if name
                else f"`{off.written[:100]}` sends the cookie without encryption too."
            )
            rule = off.rule or _RULES[off.header or "csp"]
            self.violations.append(Violation(rule, off.path, off.line, message, off.written))
            check.lacking.append(message)
        groups: list[Group] = [g for g in ("Python", "JavaScript") if any(one.group == g for one in self.applications)]
        if not groups and self.applications:
            groups = ["server"]
        for group in groups:
            self._judge(group, check, tree)
        if not groups and not check.lacking:
            check.not_applicable = "The tree holds no web application that is known here."
        elif not check.lacking and not check.evidence:
            check.lacking.append("No place sends a security header.")
        return {"security-headers": check}

    def _judge(self, group: Group, check: Check, tree: Tree) -> None:
        """A server in front of an application may send a header for it."""
        application = min(one for one in self.applications if one.group == group)
        switched_off = {off.header for off in self.off}
        for header, name in _HEADERS.items():
            found = sorted(self.sets.get((group, header), []) + self.sets.get(("server", header), []))
            if found:
                check.evidence.append(found[0])
            elif header not in switched_off and tree.is_whole:
                message = f"Nothing sends {name} for the {application.kind} application that begins here."
                check.lacking.append(f"Nothing sends {name} for `{application.path}`.")
                self.violations.append(Violation(_RULES[header], application.path, application.line, message, name))
