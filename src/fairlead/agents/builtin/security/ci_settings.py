"""Environment variables of workflows and pipelines: credentials, and switches that should be off."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.security import named_values
from fairlead.agents.builtin.security.matches import Match
from fairlead.agents.builtin.security.yaml_nodes import Document, Node, entries, get, is_true, text_of

_TLS_OFF = {
    "NODE_TLS_REJECT_UNAUTHORIZED": r"0",
    "GIT_SSL_NO_VERIFY": r"1|true",
    "PYTHONHTTPSVERIFY": r"0",
    "NPM_CONFIG_STRICT_SSL": r"false",
    "PIP_TRUSTED_HOST": r".+",
}


def variables(document: Document, node: Node | None) -> Iterator[Match]:
    """Every match in a mapping of environment variables; a value may be a mapping with the key `value`."""
    for name, _, value in entries(node):
        value = get(value, "value") or value
        written = text_of(value)
        wanted = _TLS_OFF.get(name.upper())
        if wanted and re.fullmatch(wanted, written, re.IGNORECASE):
            yield document.at(value, "security/command-tls-off", f"`{name}` makes programs accept any certificate.")
        elif name == "ACTIONS_ALLOW_UNSECURE_COMMANDS" and is_true(value):
            message = "Whatever is printed to the log may set variables and the path of later steps."
            yield document.at(value, "security/ci-unsecure-commands", message)
        elif name in ("CI_DEBUG_TRACE", "CI_DEBUG_SERVICES") and is_true(value):
            yield document.at(value, "security/ci-debug-trace", "The log shows every variable, secrets too.")
        elif kind := named_values.credential(name, written):
            if named_values.is_weak(written):
                continue  # the password of a database that lives as long as the run
            place = document.located(value)
            end = len(place.text.rstrip())
            message = f"A {kind} stands in the file as the value of `{name[:60]}`."
            yield place.match("security/ci-credential", 0, end, message, mask=(0, end))
