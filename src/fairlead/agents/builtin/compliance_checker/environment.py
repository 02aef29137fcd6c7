"""Environment files and variables: what was committed, what is ignored, and what is written down for others."""

import ast
import re
from fnmatch import fnmatchcase

from fairlead.agents.builtin.compliance_checker.records import Check, Place, Violation
from fairlead.agents.builtin.compliance_checker.tree import TextFile, Tree, is_around, is_foreign, is_own, shortest
from fairlead.core.findings import Severity

VARIABLES_TOLD_MAX = 10  # variables with a finding of their own; the number of the others is said

_FILE = re.compile(r"(^|/)(\.env|\.env\.[^/]+|[^/]+\.env)$", re.IGNORECASE)
_EXAMPLE = re.compile(
    r"(^|[/._-])(example|sample|template|tmpl|tpl|dist|defaults?|schema|spec|vault|enc|encrypted|gpg|age|sops|j2|jinja2?|md)([._-]|$)",
    re.I,
)
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*$")
_SECRET = re.compile(
    r"(?i)(^|_)(pass(word|wd|phrase)?|pwd|secret|token|api_?key|(secret|private|access|auth|signing|encryption|master)_?key|credentials?|dsn)($|_|\d)"
)
_PUBLIC = re.compile(
    r"(?i)^(next_public|vite|react_app|vue_app|public|nuxt_public|expo_public|gatsby)_|_(id|url|name|path|file|ttl|length|public_key)$"
)
_PLACEHOLDER = re.compile(
    r"(?i)^$|^[\"']{2}$|^[\"']?(\$|<|\{\{|%|x{3,}|\*+)|example|change[_-]?(me|this|it)|replace|placeholder|dummy|your[_-]|todo|insert|redacted|sample"
    r"|^[\"']?(none|null|true|false|secret|password|pass|test|testing|root|admin|postgres|user|localhost|dev|development|\d{1,6})[\"']?$"
)
# Code that reads an environment file: then somebody has to write one.
_DOTENV = re.compile(
    rb"\b(?:load_dotenv|dotenv_values)\(|\bread_env\(|\bdecouple\b|\bpydantic_settings\b"
    rb"|(?:require\(|from|import)\s*['\"]dotenv|['\"]dotenv/config['\"]"
)
_DOCUMENT = re.compile(
    r"\.(md|mdx|rst|txt|adoc|ya?ml|toml|service|1|env)$|(^|/)(readme|dockerfile|containerfile|makefile|procfile)[^/]*$",
    re.IGNORECASE,
)
_JAVASCRIPT = re.compile(
    rb"\b(?:process\.env|import\.meta\.env)\s*(?:\.\s*([A-Z][A-Z0-9_]*)|\[\s*['\"]([A-Z][A-Z0-9_]*)['\"]\s*\])"
)
# Set by systems, shells and tools: nobody who installs the project has to set them.
_KNOWN = re.compile(
    r"PATH|COMP_(WORDS|CWORD|LINE|POINT)|_?[A-Z_]+_COMPLETE|HOME|USER(NAME|PROFILE|DOMAIN)?|LOGNAME|SHELL|LANG(UAGE)?|LC_\w+|TERM(_\w+)?|COLORTERM|TMP(DIR)?|TEMP|PWD|OLDPWD|HOSTNAME|TZ|PORT|HOST|CI|DEBUG"
    r"|NODE_ENV|NODE_\w+|XDG_\w+|COLUMNS|LINES|(NO|FORCE|CLICOLOR)_?\w*COLOR|CLICOLOR(_FORCE)?|(HTTPS?|ALL|NO|FTP|WSS?)_PROXY|GITHUB_\w+|GITLAB_\w+|CI_\w+"
    r"|TRAVIS\w*|BUILDKITE\w*|JOB_(NAME|URL)|BRANCH_NAME|CHANGE_\w+|WORKSPACE|APPVEYOR\w*|CIRCLE\w*|BUILD_\w+|TF_BUILD|JENKINS\w*|PYTEST_\w+|PYTHON\w*|TOX_\w+|NOX_\w+|VIRTUAL_ENV|CONDA_\w+|DISPLAY|WAYLAND_\w+|EDITOR"
    r"|VISUAL|PAGER|BROWSER|APPDATA|LOCALAPPDATA|PROGRAM(FILES|DATA)\w*|WINDIR|SYSTEMROOT|SYSTEMDRIVE|COMSPEC|PATHEXT|SSH_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|NPM_\w+|INIT_CWD|YARN_\w+|CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|AR|LD_\w+|DYLD_\w+|MAKEFLAGS|ARCHFLAGS|MACOSX_\w+|DESTDIR|PREFIX|SOURCE_DATE_EPOCH|KUBERNETES_\w+|DOCKER_\w+"
    r"|AWS_\w+|GOOGLE_\w+|AZURE_\w+|GIT_\w+|SUDO_\w+|WSL\w*|MSYSTEM|DEV|PROD|MODE|BASE_URL|SSR|VERCEL\w*|NETLIFY\w*|READTHEDOCS\w*|DJANGO_SETTINGS_MODULE|[A-Z]|WERKZEUG_\w+"
)  # fmt: skip


class Environment:
    """Collects environment files, and the variables that the project's code reads."""

    limit = 2_000_000

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._files: list[tuple[str, TextFile]] = []
        self._read: dict[str, tuple[str, int, str]] = {}  # variable → path, line, text of the first place
        self._is_for_people = False  # somebody has to set variables before it works
        self._ignore: TextFile | None = None

    def wants(self, path: str) -> bool:
        """Whether *path* is an environment file, a list of ignored files, or code."""
        if path == ".gitignore" or (_FILE.search(path) and not is_foreign(path)):
            return True
        return path.endswith(
            (".py", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte")
        ) and is_own(path)

    def look_at(self, file: TextFile, tree: Tree) -> None:
        """Take in what *file* says."""
        if file.path == ".gitignore":
            self._ignore = file
        elif _FILE.search(file.path):
            self._files.append((file.path, file))
        elif file.path.endswith(".py"):
            self._is_for_people |= _DOTENV.search(file.data) is not None
            if b"environ" in file.data or b"getenv" in file.data:
                for name, line in _python_reads(file.text):
                    self._note(name, file, line)
        elif b".env" in file.data and len(file.data) < 500 * (file.data.count(b"\n") + 1):
            self._is_for_people |= _DOTENV.search(file.data) is not None
            for found in _JAVASCRIPT.finditer(file.data):
                if not _is_comment(file.data, found.start()):
                    name = (found[1] or found[2]).decode()
                    self._note(name, file, file.data.count(b"\n", 0, found.start()) + 1)

    def _note(self, name: str, file: TextFile, line: int) -> None:
        place = (file.path, line, file.line(line))
        if not _KNOWN.fullmatch(name) and (name not in self._read or place < self._read[name]):
            self._read[name] = place

    # ------------------------------------------------------------------------------------------------------- controls

    def checks(self, tree: Tree) -> dict[str, Check]:
        """What was learnt for the controls `environment-files` and `environment-documented`."""
        return {"environment-files": self._kept_out(tree), "environment-documented": self._documented(tree)}

    def _kept_out(self, tree: Tree) -> Check:
        check = Check()
        tracked = tree.tracked("*.env", "*.env.*", ".env", ".env.*") if tree.is_git and self._files else None
        is_needed = self._is_for_people
        for path, file in self._files:
            if _EXAMPLE.search(path.rpartition("/")[2]):
                is_needed |= is_own(path)
            elif tracked is None or path in tracked:
                self._committed(path, file, check)
            else:
                is_needed = True
        line = _ignores(self._ignore)
        if line:
            check.evidence.append(Place(".gitignore", line, "keeps .env out of the repository"))
        elif (is_needed or check.lacking) and tree.is_whole:
            message = "`.env` is not ignored, so the next `git add` may take it along."
            check.lacking.append(message)
            is_near = any(not is_around(path) for path, _ in self._files)
            severity: Severity | None = None if is_near else "info"
            reason = "" if is_near else "The code can read such a file; none lies in the tree."
            self.violations.append(
                Violation("compliance/env-not-ignored", ".gitignore", 0, message, "", severity, reason)
            )
        if not check.evidence and not is_needed:
            check.not_applicable = "Nothing in the project reads an environment file."
        return check

    def _committed(self, path: str, file: TextFile, check: Check) -> None:
        line, name = _first_secret(file)
        severity: Severity = "high" if line else "low"
        reason = (
            "Everybody who has a copy of the repository has what stands in it."
            if line
            else "No value in it looks like a secret."
        )
        if is_around(path) or re.search(r"(?i)\.(test|testing|ci|e2e)$", path):
            severity = "low" if line else "info"
            reason += " Lowered because the file serves tests or examples."
        elif not line and not any(_LINE.match(text) for text in file.lines):
            return  # empty, or only comments
        message = (
            f"An environment file is a part of the repository; `{name}` in it has a value."
            if line
            else "An environment file is a part of the repository."
        )
        excerpt = f"{name}=…" if line else ""
        self.violations.append(
            Violation("compliance/env-file-committed", path, line, message, name, severity, reason, excerpt)
        )
        if severity != "info":
            check.lacking.append(f"`{path}` is a part of the repository.")

    def _documented(self, tree: Tree) -> Check:
        check = Check()
        examples = shortest(
            path for path, _ in self._files if _EXAMPLE.search(path.rpartition("/")[2]) and not is_around(path)
        )
        check.evidence += [Place(path, 0, "names variables") for path in examples[:3]]
        if not self._read:
            if not check.evidence:
                check.not_applicable = "The code reads no environment variables of its own."
            return check
        first = min(self._read.values())
        if self._is_for_people and not examples and tree.is_whole:
            message = (
                f"The code reads {_counted(len(self._read))}, and no `.env.example` shows them to the next person."
            )
            self.violations.append(Violation("compliance/env-example-missing", ".env.example", 0, message, ""))
            check.lacking.append(message)
        hidden = self._undocumented(tree, check)
        for number, name in enumerate(hidden[:VARIABLES_TOLD_MAX], 1):
            path, line, _ = self._read[name]
            message = f"The variable `{name}` is read here, and neither an example nor any document names it."
            if number == VARIABLES_TOLD_MAX < len(hidden):
                message += f" {len(hidden) - VARIABLES_TOLD_MAX} more variables are like it."
            self.violations.append(Violation("compliance/env-undocumented", path, line, message, name))
        if hidden:
            check.lacking.append(
                f"{_counted(len(hidden))} of {len(self._read)} are named by no document: {', '.join(hidden[:5])}."
            )
        elif not check.evidence:
            check.evidence.append(Place(first[0], first[1], "reads variables that the documents name"))
        return check

    def _undocumented(self, tree: Tree, check: Check) -> list[str]:
        """The variables that no document names, in the order of their names."""
        missing = set(self._read)
        for path in shortest(path for path in tree.names if _DOCUMENT.search(path) and not is_foreign(path)):
            if not missing:
                break
            if _FILE.search(path) and not _EXAMPLE.search(path.rpartition("/")[2]):
                continue  # somebody's own values are no document
            file = tree.read(path)
            if file is None:
                continue
            words = missing & {word.decode() for word in re.findall(rb"[A-Z][A-Z0-9_]+", file.data)}
            if words and len(check.evidence) < 3:
                line = file.line_of(rf"\b{min(words)}\b")
                check.evidence.append(Place(path, line, f"names {_counted(len(words))}"))
            missing -= words
        return sorted(missing)


def _counted(count: int) -> str:
    return f"{count} variable{'' if count == 1 else 's'}"


def _is_comment(data: bytes, offset: int) -> bool:
    start = data.rfind(b"\n", 0, offset) + 1
    return data[start:offset].lstrip().startswith((b"//", b"*", b"/*")) or b" // " in data[start:offset]


def _python_reads(text: str) -> list[tuple[str, int]]:
    """The variables that Python code reads by a constant name. Code that cannot be parsed is the scanner's to tell."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[tuple[str, int]] = []
    for piece in ast.walk(tree):
        key: ast.expr | None = None
        if isinstance(piece, ast.Subscript) and isinstance(piece.ctx, ast.Load) and _last(piece.value) == "environ":
            key = piece.slice
        elif isinstance(piece, ast.Call) and piece.args:
            function = piece.func
            is_get = (
                isinstance(function, ast.Attribute) and function.attr == "get" and _last(function.value) == "environ"
            )
            if is_get or _last(function) == "getenv":
                key = piece.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and re.fullmatch(r"[A-Z][A-Z0-9_]*", key.value):
            found.append((key.value, piece.lineno))  # type: ignore[attr-defined]  # expressions have a place
    return found


def _last(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _first_secret(file: TextFile) -> tuple[int, str]:
    """Line and name of the first value that looks like a secret; (0, "") if there is none. The value stays here."""
    for number, text in enumerate(file.lines, 1):
        found = _LINE.match(text)
        if (
            found
            and _SECRET.search(found[1])
            and not _PUBLIC.search(found[1])
            and not _PLACEHOLDER.search(found[2].split(" #")[0].strip())
        ):
            return number, found[1][:80]
    return 0, ""


def _ignores(file: TextFile | None) -> int:
    """The line of `.gitignore` that keeps `.env` out; 0 if none does, or a later one takes it back."""
    result = 0
    for number, text in enumerate(file.lines if file is not None else (), 1):
        pattern = text.strip()
        is_back = pattern.startswith("!")
        pattern = pattern.removeprefix("!").removeprefix("/").removeprefix("**/")
        if pattern and not pattern.startswith("#") and not pattern.endswith("/") and fnmatchcase(".env", pattern):
            result = 0 if is_back else number
    return result
