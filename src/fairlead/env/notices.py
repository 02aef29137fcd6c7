"""Messages to people: said once to each place, and what could not be said is told instead of failing the step."""

import asyncio
import os
from collections.abc import Callable
from typing import NamedTuple

from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import EffectWorld
from fairlead.core.printable import printable
from fairlead.core.workflow import NotifyAction
from fairlead.env.effects.keeping import state_of
from fairlead.env.effects.refusals import Refused, outcome_of

TARGETS_MAX = 20
TITLE_CHARACTERS_MAX = 500
BODY_CHARACTERS_MAX = 100_000
WEBHOOK_SECONDS_MAX = 10.0
_LATER = {"slack": "Slack", "mailto": "mail"}  # known, and not delivered by this build


class _Sent(NamedTuple):
    """What became of one place."""

    to: str
    why_not: str = ""  # "" when it was delivered


async def deliver(message: NotifyAction, world: EffectWorld, progress: Callable[[str], None]) -> Outcome:
    """Say *message* to every place that it names. What is not delivered degrades, it never fails.

    `console` is the line that whoever follows the run sees; `file:NAME` one line of JSON at the end of a file below
    `notices` of the state directory, for nobody has approved a change of the checkout; `webhook:URL` and a URL itself a
    POST of the same JSON.
    """
    title = message.title[:TITLE_CHARACTERS_MAX]
    body = message.body[:BODY_CHARACTERS_MAX]
    told: dict[str, Json] = {"title": title, "body": body, "run": world.run}
    targets = list(dict.fromkeys(message.to))
    sent = await asyncio.gather(*(_deliver(to, told, world, progress) for to in targets[:TARGETS_MAX]))
    sent += [_Sent(to, f"a message goes to at most {TARGETS_MAX} places") for to in targets[TARGETS_MAX:]]
    failed = [one for one in sent if one.why_not]
    output: dict[str, Json] = {
        "delivered": [one.to for one in sent if not one.why_not],
        "failed": [{"to": one.to, "why": one.why_not} for one in failed],
        "title": title,
        "body": body,
    }
    reasons = [f"FL-R350: {printable(one.to[:200])} was not told: {one.why_not}" for one in failed]
    if (title, body) != (message.title, message.body):
        reasons.append("FL-R351: the message was cut, for it was longer than a message may be")
    told_to = f"{len(output['delivered'])} of {len(sent)} told"
    # The line of a step that has ended is what whoever follows the run sees.
    said = f"{printable(title)} · {told_to}" if "console" in output["delivered"] and title else told_to
    return Succeeded(output, said, tuple(reasons))


async def _deliver(to: str, told: dict[str, Json], world: EffectWorld, progress: Callable[[str], None]) -> _Sent:
    scheme, _, rest = to.partition(":")
    if to == "console":
        progress(printable(": ".join(filter(None, (told["title"], told["body"])))))
        return _Sent(to)
    if scheme == "file":
        return _Sent(to, await asyncio.to_thread(_refusal, lambda: _append(rest, told, world)))
    if scheme in ("webhook", "http", "https"):
        url = rest if scheme == "webhook" else to
        return _Sent(to, await asyncio.to_thread(_refusal, lambda: _post(url, told)))
    if scheme in _LATER:
        return _Sent(to, f"{_LATER[scheme]} is not delivered by this version")
    return _Sent(to, "it is none of `console`, `file:NAME`, `webhook:URL` and `https://…`")


def _refusal(tell: Callable[[], None]) -> str:
    """Why *tell* could not; "" when it could."""
    outcome = outcome_of(tell)
    return "" if outcome is None else outcome.message


def _append(name: str, told: dict[str, Json], world: EffectWorld) -> None:
    parts = name.split("/")
    if {"", ".", ".."} & set(parts) or "\0" in name:
        raise Refused("FL-R350", f"{name!r} is no name of a file", "Write `file:NAME`.")
    folder = os.path.join(state_of(world), "notices", *parts[:-1])
    os.makedirs(folder, mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(os.path.join(folder, parts[-1]), flags, 0o600)
    try:
        os.write(descriptor, encode(told) + b"\n")  # one call: two that write at once do not mix their lines
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _post(text: str, told: dict[str, Json]) -> None:
    # Imported here: every run could send a message, and few do.
    from fairlead.env.effects.addresses import read_url
    from fairlead.env.effects.exchange import Request, exchange

    url = read_url(text)
    headers = {"Connection": "close", "User-Agent": "fairlead", "Content-Type": "application/json"}
    # The author has written the address down: a chat server of one's own network is what most mean.
    answer = exchange(Request("POST", url, headers, encode(told), WEBHOOK_SECONDS_MAX, allows_private=True))
    if not 200 <= answer.status <= 299:
        raise Refused("FL-R350", f"{url.authority} answered with status {answer.status}", "See what it expects.")
