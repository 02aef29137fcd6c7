"""Security headers of Python applications: Django's settings, Flask with Talisman, FastAPI and Starlette."""

import ast
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairlead.agents.builtin.compliance_checker.tree import TextFile

if TYPE_CHECKING:
    from fairlead.agents.builtin.compliance_checker.headers import Header, Headers

_WORDS = re.compile(
    rb"\b(?:Flask|Quart|FastAPI|Starlette|Talisman|Secure)\(|MIDDLEWARE|SECURE_|X_FRAME_OPTIONS|_COOKIE_SECURE|CSP_|CONTENT_SECURITY_POLICY"
    rb"|content-security-policy|x-frame-options|x-content-type-options|strict-transport-security|frame-ancestors",
    re.IGNORECASE,
)
_APPLICATIONS = {"Flask": "flask", "Quart": "quart", "FastAPI": "fastapi", "Starlette": "starlette"}
_SETTINGS = re.compile(r"(^|/)settings(/[^/]+|_[^/]+)?\.py$")
_OF_DEVELOPERS = re.compile(
    r"(^|[/_.-])(dev|devel|development|local|test|tests|testing|ci|debug)([/_.-]|$)", re.IGNORECASE
)
_COOKIES = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE")
_COOKIE_RULE = "compliance/cookie-not-secure"
_ALL: tuple["Header", ...] = ("csp", "frame", "nosniff", "hsts")
_SET_BY: dict[str, "Header"] = {
    "SECURE_HSTS_SECONDS": "hsts",
    "SECURE_CONTENT_TYPE_NOSNIFF": "nosniff",
    "X_FRAME_OPTIONS": "frame",
    "SECURE_CSP": "csp",
    "CSP_DEFAULT_SRC": "csp",
    "CONTENT_SECURITY_POLICY": "csp",
}
_TALISMAN: dict[str, "Header"] = {
    "content_security_policy": "csp",
    "frame_options": "frame",
    "strict_transport_security": "hsts",
    "x_content_type_options": "nosniff",
}


def may_tell(data: bytes) -> bool:
    """Whether a file may say anything about headers; others need not be parsed."""
    return _WORDS.search(data) is not None


def look_at(file: TextFile, headers: "Headers") -> None:
    """Take in one module. One that cannot be parsed is the security-scanner's to tell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" in somebody else's source
            tree = ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    settings = dict(_assigned(tree))
    is_settings = "ROOT_URLCONF" in settings or (
        _SETTINGS.search(file.path) is not None
        and any(name in settings for name in (*_SET_BY, *_COOKIES, "MIDDLEWARE"))
    )
    if is_settings:
        _django(file, settings, headers)
    documents = _documents(tree)
    for piece in ast.walk(tree):
        if isinstance(piece, ast.Call):
            _call(file, piece, headers)
        elif isinstance(piece, ast.Constant) and isinstance(piece.value, str) and id(piece) not in documents:
            headers.set_named("Python", piece.value, file.path, piece.lineno)


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The settings of a module: names in capitals that are given a value at its top."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
        else:
            continue
        if statement.value is not None and name.isupper():
            yield name, statement.value


def _documents(tree: ast.Module) -> set[int]:
    """The texts that stand alone: documentation, which sends nothing."""
    return {id(piece.value) for piece in ast.walk(tree) if isinstance(piece, ast.Expr)}


def _django(file: TextFile, settings: dict[str, ast.expr], headers: "Headers") -> None:
    from fairlead.agents.builtin.compliance_checker.headers import Application, Off

    path = file.path
    middleware = settings.get("MIDDLEWARE")
    listed = {piece.value for piece in ast.walk(middleware) if isinstance(piece, ast.Constant)} if middleware else set()
    if middleware is not None and "ROOT_URLCONF" in settings and listed:
        headers.applications.append(Application("Python", path, middleware.lineno, "Django"))
    is_off = {name for name, value in settings.items() if _is_off(name, value)}
    if middleware is not None:
        line = middleware.lineno
        if any(str(name).endswith(".XFrameOptionsMiddleware") for name in listed) and "X_FRAME_OPTIONS" not in is_off:
            headers.set("Python", "frame", path, line, "XFrameOptionsMiddleware sends X-Frame-Options")
        is_secure = any(str(name).endswith(".SecurityMiddleware") for name in listed)
        if is_secure and "SECURE_CONTENT_TYPE_NOSNIFF" not in is_off:
            headers.set("Python", "nosniff", path, line, "SecurityMiddleware sends X-Content-Type-Options")
        if any(re.search(r"\.(CSPMiddleware|ContentSecurityPolicyMiddleware)$", str(name)) for name in listed):
            headers.set("Python", "csp", path, line, "a middleware sends Content-Security-Policy")
    is_of_developers = _OF_DEVELOPERS.search(path.rpartition("/")[2]) is not None
    for name, value in settings.items():
        header = _SET_BY.get(name)
        written = f"{name} = {ast.unparse(value)[:60]}"
        if name in is_off and not is_of_developers:
            if header is not None or name in _COOKIES:
                headers.off.append(Off(header, path, value.lineno, written, "" if header else _COOKIE_RULE))
        elif header is not None and name not in is_off:
            headers.set("Python", header, path, value.lineno, written)


def _is_off(name: str, value: ast.expr) -> bool:
    if name == "X_FRAME_OPTIONS":
        return isinstance(value, ast.Constant) and str(value.value).upper().replace("-", "") in ("ALLOWALL", "NONE", "")
    is_empty = (isinstance(value, ast.Constant) and not value.value) or (isinstance(value, ast.Dict) and not value.keys)
    return is_empty and (name in _SET_BY or name in _COOKIES)


def _call(file: TextFile, call: ast.Call, headers: "Headers") -> None:
    from fairlead.agents.builtin.compliance_checker.headers import Application, Off

    function = call.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    words = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if (package := _APPLICATIONS.get(name)) and package.encode() in file.data and (call.args or name != "Flask"):
        headers.applications.append(Application("Python", file.path, call.lineno, name))
    elif name in ("Talisman", "init_app") and (name == "Talisman" or words.keys() & _TALISMAN.keys()):
        for word, header in _TALISMAN.items():
            value = words.get(word)
            if isinstance(value, ast.Constant) and not value.value:
                headers.off.append(Off(header, file.path, value.lineno, f"{word}={value.value}"))
            else:
                headers.set("Python", header, file.path, call.lineno, "Talisman sends it")
    elif name in ("Secure", "with_default_headers") and b"secure" in file.data:
        for header in _ALL:
            headers.set("Python", header, file.path, call.lineno, "Secure sends it")
    for word in ("SESSION_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE"):
        value = words.get(word)
        if isinstance(value, ast.Constant) and value.value is False:
            headers.off.append(Off(None, file.path, value.lineno, f"{word}=False", _COOKIE_RULE))
