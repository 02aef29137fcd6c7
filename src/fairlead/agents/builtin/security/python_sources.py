"""Where values come from: web requests, routes, the command line."""

import ast
import re

from fairlead.agents.builtin.security.python_flow import Flow, Function
from fairlead.agents.builtin.security.python_names import Names
from fairlead.agents.builtin.security.python_values import ANY, HARMLESS, NOTHING, REQUEST, TYPED, Value

FRAMEWORKS = frozenset(
    "flask quart django rest_framework fastapi starlette aiohttp tornado bottle sanic falcon pyramid webob werkzeug "
    "cherrypy litestar ninja".split()
)
# Words without which no request can be a source: a file that has none of them needs no search for such flows.
SOURCE_WORDS = (
    frozenset("request req Request get_argument get_query_argument get_body_argument route".split()) | FRAMEWORKS
)

_REQUEST = "request"  # the kind of a parameter that holds a request
_MAYBE_REQUEST = "request?"  # the same by its name alone, in a module that imports no framework

_GLOBAL_REQUESTS = frozenset({"flask.request", "quart.request", "bottle.request", "flask.globals.request"})
_REQUEST_CLASSES = frozenset(
    {"HttpRequest", "Request", "WSGIRequest", "ASGIRequest", "HTTPConnection", "WebSocket", "HTTPServerRequest"}
)
# Only these say by themselves that a `request` is one that came in.
_SURE_FIELDS = frozenset("GET POST COOKIES FILES META query_params path_params match_info view_args get_json".split())
_FIELDS = _SURE_FIELDS | frozenset(
    "args form values json data cookies headers files query_string stream body query arguments params raw_post_data "
    "body_arguments query_arguments rel_url".split()
)
_METHODS = frozenset("get_json get_data json form body post text read multipart stream".split())
_TORNADO = frozenset(
    "get_argument get_arguments get_query_argument get_query_arguments get_body_argument get_body_arguments "
    "get_cookie".split()
)
_ROUTES = frozenset("route get post put delete patch head options api_route websocket websocket_route".split())
_NUMBERS = frozenset("int float bool UUID Decimal date datetime timedelta Literal complex".split())
_NOT_FROM_OUTSIDE = frozenset("Depends Security BackgroundTasks Response Session AsyncSession SecurityScopes".split())
_FLASK_PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_BRACE_PART = re.compile(r"\{(\w+)(?::(\w+))?\}")


def source(node: ast.expr, name: str, flow: Flow) -> Value | None:
    """The value of *node* if it comes from outside."""
    if isinstance(node, ast.Attribute):
        if node.attr in _FIELDS and _is_request(node.value, flow, node.attr):
            return _from_request(node)
        if name == "sys.argv":
            return Value(TYPED, "`sys.argv` comes from the command line")
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            method = node.func.attr
            if method in _METHODS and _is_request(node.func.value, flow, method):
                return _from_request(node)
            if method in _TORNADO and "tornado" in flow.names.modules:
                return _from_request(node)
            if method in ("parse_args", "parse_known_args"):
                return Value(TYPED, "the argument comes from the command line")
        elif name == "input":
            return Value(TYPED, "`input()` comes from the keyboard")
    elif isinstance(node, ast.Name) and name == "sys.argv":
        return Value(TYPED, "`sys.argv` comes from the command line")
    return None


def parameter(function: Function, argument: ast.arg, default: ast.expr | None, flow: Flow) -> Value:
    """What is known about a parameter before the first statement of *function*."""
    name = argument.arg
    words = _words(argument.annotation)
    if words & _REQUEST_CLASSES:
        is_sure = bool(flow.names.modules & FRAMEWORKS)
        return Value(kind=_REQUEST if is_sure else _MAYBE_REQUEST)
    if name in ("request", "req"):
        is_sure = bool(flow.names.modules & FRAMEWORKS) or route(function) is not None
        return Value(kind=_REQUEST if is_sure else _MAYBE_REQUEST)
    if words & _NUMBERS and not words & {"str", "bytes", "Any"}:
        return HARMLESS
    if name in ("self", "cls"):
        return ANY
    path = route(function)
    if path is None or words & _NOT_FROM_OUTSIDE or _words(default) & _NOT_FROM_OUTSIDE:
        return ANY
    return _route_parameter(name, path)


def route(function: Function) -> str | None:
    """The path under which *function* answers requests, if it is decorated as the handler of a route."""
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        name = decorator.func
        word = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
        if word not in _ROUTES:
            continue
        paths = decorator.args[:1] + [k.value for k in decorator.keywords if k.arg in ("path", "rule")]
        for path in paths:
            if isinstance(path, ast.Constant) and isinstance(path.value, str) and path.value.startswith(("/", "{")):
                return path.value
    return None


def _is_framework(names: Names) -> bool:
    """Whether the module imports a web framework."""
    return bool(names.modules & FRAMEWORKS)


def _route_parameter(name: str, path: str) -> Value:
    found = Value(REQUEST, f"`{name}` is a parameter of the route {path[:60]}")
    for converter, part in _FLASK_PART.findall(path):
        if part == name:
            if converter in ("int", "float", "uuid"):
                return HARMLESS
            return found if converter == "path" else found._replace(clean=frozenset({"path"}))
    for part, converter in _BRACE_PART.findall(path):
        if part == name:
            if converter in ("int", "float", "uuid"):
                return HARMLESS
            return found if converter == "path" else found._replace(clean=frozenset({"path"}))
    return found


def _from_request(node: ast.expr) -> Value:
    return Value(REQUEST, f"`{_text(node)}` comes from the request", clean=NOTHING)


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:59] + "…"


def _is_request(node: ast.expr, flow: Flow, field: str) -> bool:
    if isinstance(node, ast.Name):
        known = flow.lookup(node.id)
        if known is not None:
            if known.kind == _REQUEST or (known.kind == _MAYBE_REQUEST and field in _SURE_FIELDS):
                return True
            return known.kind in _GLOBAL_REQUESTS
        return flow.names.qualified(node) in _GLOBAL_REQUESTS
    if isinstance(node, ast.Attribute):
        if node.attr == "request" and isinstance(node.value, ast.Name) and node.value.id in ("self", "info", "view"):
            return _is_framework(flow.names) or field in _SURE_FIELDS
        return flow.names.qualified(node) in _GLOBAL_REQUESTS
    return False


def _words(node: ast.expr | None) -> set[str]:
    """Every name in an annotation or default, also in one that is written as text."""
    if node is None:
        return set()
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.update(re.findall(r"\w+", part.value[:200]))
    return found
