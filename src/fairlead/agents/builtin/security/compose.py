"""Compose files: what a service may do to its host, and what it gives away."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.security import named_values
from fairlead.agents.builtin.security.images import judge_image
from fairlead.agents.builtin.security.located import shortened
from fairlead.agents.builtin.security.matches import Match, lines_of
from fairlead.agents.builtin.security.yaml_nodes import Document, Node, entries, get, is_true, items, text_of

_NAMES = re.compile(r"(^|/)(docker-)?compose([._-][\w.-]+)?\.ya?ml$", re.IGNORECASE)
_SOCKET = re.compile(r"(^|/)(docker|containerd|podman|crio)\.sock$")
_HOST_FOLDERS = frozenset({"/", "/etc", "/root", "/boot", "/var/run", "/run", "/usr", "/dev"})
_CAPABILITIES = frozenset("ALL SYS_ADMIN SYS_MODULE SYS_RAWIO SYS_PTRACE DAC_READ_SEARCH BPF".split())
_DATABASES = {
    "1433": "SQL Server", "1521": "Oracle", "2379": "etcd", "3306": "MySQL", "5432": "PostgreSQL", "5984": "CouchDB",
    "6379": "Redis", "7000": "Cassandra", "7687": "Neo4j", "9042": "Cassandra", "9200": "Elasticsearch",
    "11211": "memcached", "26257": "CockroachDB", "27017": "MongoDB", "28015": "RethinkDB",
}  # fmt: skip
_PORT = re.compile(
    r"(?:(?P<host>\d+\.\d+\.\d+\.\d+|\[[^\]]*\]|localhost|\$\{[^}]*\}(?=:[^:]+:)):)?"
    r"(?P<published>\d+(?:-\d+)?|\$\{[^}]*\}|\$\w+):(?P<target>\d+)(?:-\d+)?(?:/\w+)?"
)
_EVERYWHERE = ("", "0.0.0.0", "[::]", "::")


def wants(path: str) -> bool:
    """Whether *path* is called like a Compose file."""
    return _NAMES.search(path) is not None and "/workflows/" not in path


def matches(text: str) -> Iterator[Match]:
    """Every match in a Compose file."""
    document = Document(text, lines_of(text))
    if document.broken:
        yield document.broken
    for root in document.roots:
        for service in entries(get(root, "services")):
            yield from _service(document, service.value)


def _service(document: Document, service: Node) -> Iterator[Match]:
    for key, _, value in entries(service):
        if key == "privileged" and is_true(value):
            message = "The container may do everything that root of the host may do."
            yield document.at(value, "security/privileged-container", message)
        elif key in ("network_mode", "pid", "ipc", "userns_mode", "uts") and text_of(value) == "host":
            yield document.at(value, "security/compose-host-namespace", f"The service shares the host's `{key}`.")
        elif key == "cap_add":
            for item in items(value):
                if text_of(item).upper().removeprefix("CAP_") in _CAPABILITIES:
                    message = f"With `{shortened(text_of(item))}` the container can leave its walls."
                    yield document.at(item, "security/compose-capability", message)
        elif key == "security_opt":
            for item in items(value):
                if re.fullmatch(
                    r"(seccomp|apparmor)[:=]unconfined|label[:=]disable|no-new-privileges[:=]false", text_of(item)
                ):
                    message = f"`{shortened(text_of(item))}` takes a wall of the container away."
                    yield document.at(item, "security/compose-unconfined", message)
        elif key == "volumes":
            for item in items(value):
                yield from _volume(document, item)
        elif key == "ports":
            for item in items(value):
                yield from _port(document, item)
        elif key == "environment":
            yield from _environment(document, value)
        elif key == "image" and get(service, "build") is None and (said := judge_image(text_of(value))):
            yield document.at(value, said[0], said[1])


def _volume(document: Document, item: Node) -> Iterator[Match]:
    source, read_only = text_of(item), False
    if source:
        source, _, rest = source.partition(":")
        read_only = rest.endswith(":ro") or ":ro," in rest
    elif text_of(get(item, "type")) in ("bind", ""):
        source, read_only = text_of(get(item, "source")), is_true(get(item, "read_only"))
    place = get(item, "source") or item
    if _SOCKET.search(source):
        message = "Whoever controls this container controls every container and, through them, the host."
        yield document.at(place, "security/compose-engine-socket", message)
    elif (source.rstrip("/") or "/") in _HOST_FOLDERS and source.startswith("/") and not read_only:
        message = f"The container may change the host's folder `{source}`."
        yield document.at(place, "security/compose-host-folder", message)


def _port(document: Document, item: Node) -> Iterator[Match]:
    if written := text_of(item):
        found = _PORT.fullmatch(written)
        if found is None:
            return
        host, target = found["host"] or "", found["target"]
    else:
        host, target = text_of(get(item, "host_ip")), text_of(get(item, "target"))
        if get(item, "published") is None or text_of(get(item, "mode")) == "ingress":
            return
    if host in _EVERYWHERE and target in _DATABASES:
        message = f"{_DATABASES[target]} can be reached from every network of the host."
        yield document.at(item if written else get(item, "target") or item, "security/compose-open-database", message)


def _environment(document: Document, value: Node) -> Iterator[Match]:
    pairs = [(entry.key, entry.value, 0, text_of(entry.value)) for entry in entries(value)]
    for item in items(value):
        name, equals, written = text_of(item).partition("=")
        if equals:
            pairs.append((name, item, len(name) + 1, written))
    for name, node, offset, written in pairs:
        kind = named_values.credential(name, written) or (
            "password" if named_values.kind_of_name(name) == "password" and named_values.is_weak(written) else ""
        )
        if kind:
            place = document.located(node)
            end = len(place.text.rstrip())
            is_weak = named_values.is_weak(written)
            yield place.match(
                "security/compose-credential",
                offset,
                end,
                f"A {kind} stands in the file as the value of `{name[:60]}`.",
                severity="low" if is_weak else None,
                reason="Everybody tries this value first; it is fit for development alone." if is_weak else "",
                mask=(offset, end),
            )
