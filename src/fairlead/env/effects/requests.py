"""The effect that sends one HTTP request. What is shown is put together from the very values that are sent."""

import asyncio
import re
import time
from email.utils import parsedate_to_datetime
from typing import Annotated, Literal

import msgspec

from fairlead.core.json import Json, NotStrict, encode, parse
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import EffectCard, EffectWorld
from fairlead.core.workflow import ErrorClass
from fairlead.env.effects import secrets
from fairlead.env.effects.addresses import Url, read_url
from fairlead.env.effects.arguments import Arguments, bad_arguments, input_schema, read_arguments
from fairlead.env.effects.branches import trailer_key
from fairlead.env.effects.exchange import ANSWER_BYTES_MAX, MARGIN_BYTES, Answer, Request, exchange
from fairlead.env.effects.refusals import Refused, outcome_of, shown_of

BODY_BYTES_MAX = 1_000_000
HEADERS_MAX = 50
_TIMEOUT_S_DEFAULT = 30.0
_KIND = "http.request"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t -~\x80-\xff]{0,8000}")
# Said by us, or about the connection: a second one could be read differently than the first.
_PERHAPS = ("FL-R345", "FL-R346")  # the request was on its way, or answered
_OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "idempotency-key",
        "te",
        "trailer",
        "upgrade",
        "expect",
    }
)
_BY_STATUS: dict[int, ErrorClass] = {
    401: "permission",
    403: "permission",
    407: "permission",
    408: "timeout",
    429: "rate_limit",
}


class _Arguments(Arguments, frozen=True, kw_only=True):
    """`with` of http.request."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, description="http or https, ASCII.")]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: Annotated[
        dict[str, str | dict[str, str]],
        msgspec.Meta(max_length=HEADERS_MAX, description='Texts, or `{secret: NAME, prefix: "Bearer "}`.'),
    ] = msgspec.field(default_factory=dict)
    body: Annotated[Json, msgspec.Meta(description="A text is sent as it is, everything else as JSON.")] = None
    expect_status: Annotated[
        int | list[int], msgspec.Meta(description="Which answers are a success; else 200 to 299.")
    ] = msgspec.field(default_factory=list)
    idempotent: Annotated[
        bool, msgspec.Meta(description="The server performs requests with one Idempotency-Key once.")
    ] = False
    allow_private: Annotated[bool, msgspec.Meta(description="The server may be in a private network.")] = False
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=3600, description="For the whole exchange.")] = _TIMEOUT_S_DEFAULT


class _Ready(msgspec.Struct):
    """Checked arguments."""

    arguments: _Arguments
    url: Url
    names: list[str]  # of secrets


class HttpRequest:
    """One request to a server."""

    def describe(self) -> EffectCard:
        return EffectCard(
            kind=_KIND,
            title="Send an HTTP request",
            description=(
                "Sends one request and reads up to 1 MB of the answer. GET and HEAD only read; PUT and DELETE with"
                " `idempotent: true` carry an Idempotency-Key and may be repeated; nothing else ever is. Redirections"
                " are followed for GET and HEAD on the same server only, certificates are always checked, and private"
                " networks need `allow_private: true`. Secrets are named, never written down: `{secret: NAME}` is the"
                " variable NAME of whoever performs the run."
            ),
            input_schema=input_schema(_Arguments),
            output_schema={
                "type": "object",
                "additionalProperties": False,
                "required": ["status", "content_type", "text", "json", "is_cut"],
                "properties": {
                    "status": {"type": "integer"},
                    "content_type": {"type": "string"},
                    "text": {"type": "string", "description": "The answer, secrets taken out."},
                    "json": {"description": "The same, when it is JSON; else null."},
                    "is_cut": {"type": "boolean"},
                },
            },
            effect_class="unkeyed",
        )

    def class_of(self, given: dict[str, Json]) -> str:
        """The class of this very request; of one that cannot be made, the careful one."""
        try:
            arguments = read_arguments(_KIND, _Arguments, given)
        except Refused:
            return "unkeyed"
        if arguments.method in ("GET", "HEAD"):
            return "read_only"
        return "keyed" if arguments.idempotent and arguments.method in ("PUT", "DELETE") else "unkeyed"

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        return shown_of(lambda: self._show(given, world))

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        """Nobody can ask a server: one that knows the key answers the repeated request itself."""
        return None

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        return await asyncio.to_thread(outcome_of, lambda: self._perform(given, world))

    def _show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        ready = _ready(given)
        arguments = ready.arguments
        headers = _headers(arguments, secrets.hidden(arguments.headers), world)
        body = _body(secrets.hidden(arguments.body))
        rows = [
            ("Request", f"{arguments.method} {ready.url.text}"),
            ("Headers", [f"{name}: {value}" for name, value in headers.items()]),
            ("Body", "none" if body is None else body.decode()),
            ("Success", ", ".join(map(str, _expected(arguments))) or "200 to 299"),
            ("Repeated when it breaks off", "no" if self.class_of(given) == "unkeyed" else "yes"),
        ]
        if arguments.allow_private:
            rows.append(("Private network", "allowed"))
        return [{"name": name, "value": value} for name, value in rows]

    def _perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        ready = _ready(given)
        arguments = ready.arguments
        found = secrets.look_up(ready.names)
        headers = _headers(arguments, secrets.revealed(arguments.headers, found), world)
        request = Request(
            arguments.method,
            ready.url,
            headers,
            _body(secrets.revealed(arguments.body, found)),
            min(
                arguments.timeout_s, 0.9 * world.timeout_s
            ),  # before the step's own end: then it is known what was sent
            arguments.allow_private,
        )
        try:
            outcome = _outcome(arguments, exchange(request), found)
        except Refused as refusal:
            outcome = refusal.failed
        if isinstance(outcome, Failed) and outcome.code in _PERHAPS and self.class_of(given) == "unkeyed":
            # Perhaps it was performed: whatever the file says of retries, it is not sent twice.
            is_refused = outcome.error == "rate_limit"  # that is the server's word that it was not
            return outcome if is_refused else msgspec.structs.replace(outcome, error="")
        return outcome


def _ready(given: dict[str, Json]) -> _Ready:
    arguments = read_arguments(_KIND, _Arguments, given)
    url = read_url(arguments.url)
    for name, value in arguments.headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise bad_arguments(_KIND, f"the header {name[:60]!r} is not one that a step may set")
        text = value.get("prefix", "") if isinstance(value, dict) and secrets.is_secret(value) else value
        if not isinstance(text, str) or not _VALUE.fullmatch(text):
            raise bad_arguments(_KIND, f"the header {name} is neither one line of text nor `{{secret: NAME}}`")
    if len({name.lower() for name in arguments.headers}) < len(arguments.headers):
        raise bad_arguments(_KIND, "a header stands twice")
    body = _body(secrets.hidden(arguments.body))
    if body is not None and arguments.method in ("GET", "HEAD"):
        raise bad_arguments(_KIND, f"{arguments.method} has no body")
    if body is not None and len(body) > BODY_BYTES_MAX:
        raise bad_arguments(_KIND, f"a body of {len(body):,} bytes; at most {BODY_BYTES_MAX:,} are sent")
    names = secrets.names_in([arguments.headers, arguments.body])
    if names and url.scheme == "http" and url.host not in ("localhost", "127.0.0.1", "::1"):
        raise Refused(
            "FL-P013",
            f"the secret {names[0]} would go to {url.authority} without encryption",
            "Write the address with https.",
            fault="policy",
            error="permission",
        )
    return _Ready(arguments, url, names)


def _headers(arguments: _Arguments, given: dict[str, str], world: EffectWorld) -> dict[str, str]:
    """All headers but `Host` and the length, in the order in which they are sent."""
    names = {name.lower() for name in given}
    found = {"Connection": "close"}
    if "user-agent" not in names:
        found["User-Agent"] = "fairlead"
    if "accept" not in names:
        found["Accept"] = "*/*"
    if arguments.body is not None and "content-type" not in names:
        is_text = isinstance(secrets.hidden(arguments.body), str)
        found["Content-Type"] = "text/plain; charset=utf-8" if is_text else "application/json"
    if arguments.idempotent and arguments.method not in ("GET", "HEAD"):
        found["Idempotency-Key"] = trailer_key(world.key)
    return {**found, **given}


def _body(body: Json) -> bytes | None:
    if body is None:
        return None
    return body.encode("utf-8", "replace") if isinstance(body, str) else encode(body)


def _expected(arguments: _Arguments) -> list[int]:
    return [arguments.expect_status] if isinstance(arguments.expect_status, int) else arguments.expect_status


def _outcome(arguments: _Arguments, answer: Answer, found: dict[str, str]) -> Outcome:
    data = secrets.masked(answer.data, found)
    if answer.is_cut:  # masked first: on the edge a part of a secret would not be known as one
        data = data[: min(ANSWER_BYTES_MAX, max(0, len(data) - MARGIN_BYTES))]
    text = data.decode("utf-8", "replace")
    kind = secrets.masked(answer.headers.get("content-type", "").encode(), found).decode("utf-8", "replace")[:200]
    output: dict[str, Json] = {
        "status": answer.status,
        "content_type": kind,
        "text": text.replace("\0", "\ufffd"),
        "json": _json(data),
        "is_cut": answer.is_cut,
    }
    expected = _expected(arguments)
    if answer.status in expected or (not expected and 200 <= answer.status <= 299):
        cut = (f"the answer has more than {ANSWER_BYTES_MAX:,} bytes; the rest was left out",) if answer.is_cut else ()
        return Succeeded(output, f"{arguments.method} {answer.status}", degraded=cut)
    error = _BY_STATUS.get(answer.status, "transient" if answer.status >= 500 else "validation")
    return Failed(
        "provider",
        "FL-R346",
        f"{read_url(arguments.url).authority} answered {arguments.method} with status {answer.status}",
        "See `text` of the step's output, and `expect_status` when that is a success.",
        output,
        error,
        _wait_s(answer.headers.get("retry-after", "")) if answer.status in (429, 503) else 0.0,
    )


def _json(data: bytes) -> Json:
    try:
        return parse(data)
    except NotStrict:
        return None


def _wait_s(text: str) -> float:
    """How long a server asks to wait: seconds, or a date. What makes no sense is no wish."""
    if re.fullmatch(r"[0-9]{1,10}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
