"""Requests: what is shown is what is sent, secrets rest nowhere, and nothing is sent twice that must not be."""

import asyncio
import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from fairlead.core.ports import EffectWorld, Program
from fairlead.env.effects import effects
from fairlead.env.effects.addresses import URL_CHARACTERS_MAX, _reach_of, read_url
from fairlead.env.effects.exchange import ANSWER_BYTES_MAX
from fairlead.env.effects.refusals import Refused
from fairlead.env.effects.requests import BODY_BYTES_MAX, HEADERS_MAX, HttpRequest
from fairlead.env.spawner import LocalSpawner
from tests.env.effects.conftest import attempt, done, found, refused, shown, world_of
from tests.env.effects.servers import Said, listening, serving
from tests.proves import proves

KIND = "http.request"
SECRET = "".join(("s3cr3t/", "v%lue ", '"of" 42'))
HIDDEN = {"secret": "TEAM_TOKEN"}


@pytest.fixture
def here(tmp_path: Path) -> EffectWorld:
    return world_of(tmp_path)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TEAM_TOKEN", SECRET)
    return SECRET


def local(url: str, **given: Json) -> dict[str, Json]:
    return {"url": url, "allow_private": True, **given}


def test_a_request_is_sent_as_it_is_shown(here: EffectWorld, token: str) -> None:
    headers: Json = {"Authorization": {**HIDDEN, "prefix": "Bearer "}, "X-Kind": "a b"}
    with serving(Said(201, {"Content-Type": "application/json"}, b'{"id": 7}')) as server:
        given = local(
            server.url + "/items?x=1", method="POST", headers=headers, body={"name": "Grüße", "token": HIDDEN}
        )
        rows = shown(KIND, given, here)
        assert server.got == [], "showing sends nothing"
        output = done(KIND, given, here)
    assert output == {
        "status": 201,
        "content_type": "application/json",
        "text": '{"id": 7}',
        "json": {"id": 7},
        "is_cut": False,
    }
    (got,) = server.got
    assert f"{got.method} {server.url}{got.path}" == rows["Request"]
    sent = [f"{name}: {value}" for name, value in got.headers.items() if name not in ("Host", "Content-Length")]
    assert [line.replace(token, "‹secret TEAM_TOKEN›") for line in sent] == rows["Headers"]
    assert got.headers["Authorization"] == f"Bearer {token}"
    assert json.loads(got.body) == {"name": "Grüße", "token": token}
    assert json.loads(rows["Body"]) == {"name": "Grüße", "token": "‹secret TEAM_TOKEN›"}
    assert token not in json.dumps(rows)


def test_a_text_is_sent_as_it_is(here: EffectWorld) -> None:
    with serving() as server:
        done(KIND, local(server.url, method="PUT", body="plain\r\n"), here)
    assert server.got[0].body == b"plain\r\n"
    assert server.got[0].headers["Content-Type"] == "text/plain; charset=utf-8"
    assert server.got[0].path == "/"


@proves("B10.3")
def test_a_secret_that_a_server_repeats_is_taken_out(here: EffectWorld, token: str) -> None:
    forms = [
        token,
        json.dumps(token)[1:-1],
        quote(token, safe=""),
        quote(token, safe="").lower(),
        token.encode().hex().upper(),
        *(base64.b64encode(b"x" * n + token.encode() + b"yz").decode() for n in range(3)),
        base64.urlsafe_b64encode(token.encode()).decode(),
    ]
    body = " | ".join(forms).encode()
    with serving(Said(400, {"Content-Type": f"text/{token}"}, body)) as server:
        failed = refused(KIND, local(server.url, method="POST", body=HIDDEN), here)
    said = repr(failed)
    assert server.got[0].body == token.encode()
    for form in forms:
        core = form[4:-6] if form.startswith(("eH", "cz")) else form
        assert core not in said, core
    assert said.count("secret TEAM_TOKEN") >= len(forms)


def test_a_secret_on_the_edge_of_the_answer_is_not_cut_in_two(here: EffectWorld, token: str) -> None:
    body = b"x" * (ANSWER_BYTES_MAX - len(token) // 2) + token.encode() + b"y" * 100_000
    with serving(Said(200, {}, body)) as server:
        outcome = attempt(KIND, local(server.url, headers={"A": HIDDEN}), here)
    assert isinstance(outcome, Succeeded)
    assert outcome.output["is_cut"]
    assert len(outcome.output["text"]) <= ANSWER_BYTES_MAX
    assert "s3c" not in outcome.output["text"]
    assert "1,000,000 bytes" in outcome.degraded[0]


@pytest.mark.parametrize(
    ("value", "why"), [("", "is not set"), ("short", "8"), ("x" * 4_001, "4,000"), ("line\nfeed" * 2, "line feed")]
)
def test_a_secret_that_cannot_be_used_sends_nothing(
    here: EffectWorld, monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    monkeypatch.setenv("TEAM_TOKEN", value)
    with serving() as server:
        failed = refused(KIND, local(server.url, headers={"A": HIDDEN}), here)
    assert failed.code == "FL-R343"
    assert why in failed.message
    assert not value or value not in repr(failed)
    assert server.got == []


def test_a_secret_goes_nowhere_without_encryption(here: EffectWorld, token: str) -> None:
    failed = refused(KIND, {"url": "http://example.org/", "headers": {"A": HIDDEN}}, here)
    assert (failed.code, failed.fault) == ("FL-P013", "policy")


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait_s"),
    [
        (401, {}, "permission", 0.0),
        (403, {}, "permission", 0.0),
        (404, {}, "validation", 0.0),
        (408, {}, "timeout", 0.0),
        (429, {"Retry-After": "17"}, "rate_limit", 17.0),
        (429, {"Retry-After": "-1"}, "rate_limit", 0.0),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, "rate_limit", 0.0),
        (429, {"Retry-After": "soon"}, "rate_limit", 0.0),
        (500, {"Retry-After": "17"}, "transient", 0.0),
        (503, {"Retry-After": "17"}, "transient", 17.0),
        (302, {"Location": "https://example.org/"}, "validation", 0.0),
    ],
)
def test_an_answer_that_is_no_success_has_its_class(
    here: EffectWorld, status: int, headers: dict[str, str], error: str, wait_s: float
) -> None:
    with serving(Said(status, headers, b"why")) as server:
        failed = refused(KIND, local(server.url), here)
    assert (failed.code, failed.fault, failed.error, failed.retry_after_s) == ("FL-R346", "provider", error, wait_s)
    assert failed.output is not None
    assert (failed.output["status"], failed.output["text"]) == (status, "why")
    assert len(server.got) == 1


def test_the_author_says_what_a_success_is(here: EffectWorld) -> None:
    with serving(Said(404), Said(200)) as server:
        assert done(KIND, local(server.url, method="DELETE", expect_status=[204, 404]), here)["status"] == 404
        assert refused(KIND, local(server.url, method="DELETE", expect_status=204), here).code == "FL-R346"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "read_only"),
        ({"method": "HEAD"}, "read_only"),
        ({"method": "GET", "idempotent": True}, "read_only"),
        ({"method": "PUT"}, "unkeyed"),
        ({"method": "PUT", "idempotent": True}, "keyed"),
        ({"method": "DELETE", "idempotent": True}, "keyed"),
        ({"method": "POST", "idempotent": True}, "unkeyed"),
        ({"method": "PATCH", "idempotent": True}, "unkeyed"),
    ],
)
def test_the_class_follows_from_the_method(here: EffectWorld, given: dict[str, Json], expected: str) -> None:
    asked = effects()[KIND]
    assert isinstance(asked, HttpRequest)
    full = {"url": "https://example.org/", **given}
    assert asked.class_of(full) == expected
    assert shown(KIND, full, here)["Repeated when it breaks off"] == ("no" if expected == "unkeyed" else "yes")
    assert asked.describe().effect_class == "unkeyed", "without its arguments it is taken for the worst"


@proves("B10.1")
def test_an_idempotent_request_has_the_same_key_in_every_attempt(here: EffectWorld) -> None:
    performed: set[str] = set()

    with serving(Said(breaks_off=True), Said(200)) as server:
        given = local(server.url, method="PUT", body="x", idempotent=True)
        failed = refused(KIND, given, here)
        assert (failed.code, failed.error) == ("FL-R345", "transient")
        assert found(KIND, given, here) is None
        done(KIND, given, here)
    performed = {got.headers["Idempotency-Key"] for got in server.got}
    assert performed == {here.key}, "a server that knows keys performs both as one"


@proves("B10.1")
def test_what_may_not_happen_twice_is_not_called_transient(here: EffectWorld) -> None:
    with serving(Said(breaks_off=True)) as server:
        failed = refused(KIND, local(server.url, method="POST", body="x"), here)
        assert (failed.code, failed.error) == ("FL-R345", "")
        assert "not known" in failed.hint
    assert len(server.got) == 1
    assert "Idempotency-Key" not in server.got[0].headers


@pytest.mark.parametrize(
    ("status", "given", "error"),
    [
        (500, {"method": "POST"}, ""),
        (503, {"method": "PUT"}, ""),
        (408, {"method": "DELETE"}, ""),
        (429, {"method": "POST"}, "rate_limit"),
        (500, {"method": "PUT", "idempotent": True}, "transient"),
        (500, {"method": "GET"}, "transient"),
    ],
)
def test_only_what_may_be_repeated_has_a_class_that_is_repeated(
    here: EffectWorld, status: int, given: dict[str, Json], error: str
) -> None:
    with serving(Said(status)) as server:
        failed = refused(KIND, local(server.url, **given), here)
    assert (failed.code, failed.error) == ("FL-R346", error)


def test_a_server_that_is_not_there_was_sent_nothing(here: EffectWorld) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failed = refused(KIND, local(f"http://127.0.0.1:{port}/", method="POST"), here)
    assert (failed.code, failed.error) == ("FL-R344", "transient")
    assert refused(KIND, local("http://no-such-host.invalid/"), here).code == "FL-R344"


# ------------------------------------------------------------------------------------------------- hostile servers


def test_a_redirection_is_followed_only_on_the_same_server_and_only_to_read(here: EffectWorld) -> None:
    with (
        serving(Said(200, {}, b"other")) as other,
        serving(Said(302, {"Location": "/second"}), Said(307, {"Location": other.url})) as server,
    ):
        failed = refused(KIND, local(server.url + "/first"), here)
        assert failed.output is not None
        assert failed.output["status"] == 307
        assert [got.path for got in server.got] == ["/first", "/second"]
        refused(KIND, local(server.url, method="POST"), here)
        assert len(server.got) == 3
    assert other.got == []


def test_a_redirection_without_end_ends(here: EffectWorld) -> None:
    with serving(Said(302, {"Location": "/again"})) as server:
        assert refused(KIND, local(server.url), here).code == "FL-R346"
    assert len(server.got) == 4


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "another protocol", "cut in the headers", "cut off", "bad chunks", "many headers", "long header"],
)
def test_what_is_no_whole_answer_is_none(here: EffectWorld, answer: bytes) -> None:
    def speak(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(answer)

    with listening(speak) as url:
        assert refused(KIND, local(url), here).code == "FL-R345"


def test_a_server_that_says_nothing_or_drips_is_left_in_time(here: EffectWorld) -> None:
    gone = threading.Event()

    def drip(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(b"HTTP/1.1 200 OK\r\n")
        while not gone.wait(0.02):
            link.sendall(b"X: y\r\n")

    with listening(drip) as url:
        failed = refused(KIND, local(url, timeout_s=0.8), here)
        gone.set()
    assert (failed.code, failed.error) == ("FL-R345", "timeout")


def test_an_answer_without_end_is_read_up_to_the_limit(here: EffectWorld) -> None:
    def flood(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            link.sendall(b"z" * 1_000_000)

    with listening(flood) as url:
        output = done(KIND, local(url), here)
    assert output["is_cut"]
    assert output["text"] == "z" * ANSWER_BYTES_MAX


def test_bytes_that_are_no_text_are_shown_as_such(here: EffectWorld) -> None:
    with serving(Said(200, {}, b"\xff\0end")) as server:
        output = done(KIND, local(server.url), here)
    assert (output["text"], output["json"]) == ("\ufffd\ufffdend", None)


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_a_server_must_prove_who_it_is(here: EffectWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=here"
    named = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", *asked.split(), *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(Said(), context=context) as server:
        failed = refused(KIND, local(server.url, method="POST"), here)
        assert (failed.code, failed.error) == ("FL-P011", "permission")
        assert server.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert done(KIND, local(server.url, method="POST"), here)["status"] == 200
        other_name = server.url.replace("127.0.0.1", "localhost")
        assert refused(KIND, local(other_name), here).code == "FL-P011"
    assert len(server.got) == 1


# ------------------------------------------------------------------------------------------------------ addresses


def test_private_networks_need_the_authors_word(here: EffectWorld) -> None:
    with serving() as server:
        for url in (
            server.url,
            server.url.replace("127.0.0.1", "localhost"),
            server.url.replace("127.0.0.1", "2130706433"),
        ):
            failed = refused(KIND, {"url": url}, here)
            assert (failed.code, failed.fault, failed.error) == ("FL-P010", "policy", "permission")
        assert server.got == []
        done(KIND, local(server.url), here)
    assert "Private network" in shown(KIND, local("http://10.0.0.1/"), here)


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1:248:1893:25c8:1946", "public"),
        ("127.0.0.1", "private"),
        ("127.9.9.9", "private"),
        ("::1", "private"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("::ffff:127.0.0.1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("2002:0a00:0001::", "private"),
        ("0.0.0.0", "never"),
        ("0.1.2.3", "never"),
        ("::", "never"),
        ("169.254.169.254", "never"),
        ("::ffff:169.254.169.254", "never"),
        ("64:ff9b::a9fe:a9fe", "never"),
        ("fe80::1%eth0", "never"),
        ("fd00:ec2::254", "never"),
        ("100.100.100.200", "never"),
        ("224.0.0.1", "never"),
        ("ff02::1", "never"),
        ("240.0.0.1", "never"),
        ("255.255.255.255", "never"),
    ],
)
def test_how_far_an_address_reaches(address: str, reach: str) -> None:
    assert _reach_of(address) == reach


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "169.254.169.254", "[::ffff:169.254.169.254]", "0xa9fea9fe", "0"])
def test_what_is_never_reached_is_not_reached_by_anybodys_word(here: EffectWorld, host: str) -> None:
    assert refused(KIND, local(f"http://{host}/"), here).code == "FL-P010"


@pytest.mark.parametrize(
    "url",
    [
        *(" ", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "HTTP://example.org/"),
        *(
            "http:///path",
            "http://:80/",
            "http://a@b/",
            "http://a:b@c/",
            "http://a\\@b/",
            "http://b#@a/",
            "http://a/#f",
        ),
        *("http://a b/", "http://a/b c", "http://a/\r\nX: y", "http://a/\t", "http://a/\0", "http://ä.example/"),
        *("http://a/ü", "http://a:0/", "http://a:65536/", "http://a:/", "http://a:+80/", "http://[::1/", "http://::1/"),
        *("http://a..b/", "http://.a/", "http://a/" + "x" * 2_000, "http://a%00.b/", "http://a／b/", "http://a?b\\c"),
    ],
)
def test_an_address_that_two_could_read_differently_is_refused(here: EffectWorld, url: str) -> None:
    assert refused(KIND, {"url": url}, here).code == ("FL-R342" if len(url) <= URL_CHARACTERS_MAX else "FL-R330")
    with pytest.raises(Refused):
        read_url(url)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.org", ("https", "example.org", 443, "/")),
        ("http://Example.org:8080/a/b?c=d&e=%2F", ("http", "Example.org", 8080, "/a/b?c=d&e=%2F")),
        ("https://[2606:2800::1]/x", ("https", "2606:2800::1", 443, "/x")),
        ("http://a?x=1", ("http", "a", 80, "/?x=1")),
    ],
)
def test_an_address_is_read_strictly(url: str, parts: tuple[str, str, int, str]) -> None:
    read = read_url(url)
    assert (read.scheme, read.host, read.port, read.target) == parts


@pytest.mark.parametrize(
    "given",
    [
        {"method": "TRACE"},
        {"method": "GET", "body": "x"},
        {"headers": {"Host": "other"}},
        {"headers": {"content-length": "0"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"Idempotency-Key": "x"}},
        {"headers": {"A b": "x"}},
        {"headers": {"A": "x\r\nB: y"}},
        {"headers": {"A": "€"}},
        {"headers": {"A": {"secret": "not a name"}}},
        {"headers": {"A": {"secret": "NAME", "prefix": "x\r\n"}}},
        {"headers": {"A": {"secret": "NAME", "suffix": "x"}}},
        {"headers": {"A": "x", "a": "y"}},
        {"headers": {f"A{n}": "x" for n in range(HEADERS_MAX + 1)}},
        {"method": "POST", "body": "x" * (BODY_BYTES_MAX + 1)},
        {"timeout_s": 0},
        {"follow": True},
    ],
)
def test_bad_arguments_send_nothing(here: EffectWorld, given: dict[str, Json]) -> None:
    with serving() as server:
        failed = refused(KIND, local(server.url, **given), here)
    assert (failed.code, failed.error) == ("FL-R330", "validation")
    assert server.got == []


@proves("B10.3")
def test_a_program_of_a_step_does_not_see_what_an_effect_uses(
    here: EffectWorld, tmp_path: Path, token: str, spawner: LocalSpawner
) -> None:
    """The spawner was started with it, as the worker was; what a step starts gets an environment built from empty."""
    assert os.environ["TEAM_TOKEN"] == token
    end = asyncio.run(spawner.perform_program(Program(("cat", "/proc/self/environ"), str(tmp_path))))
    assert end.process.exit_code == 0
    assert b"PATH=" in end.process.stdout
    assert b"TEAM_TOKEN" not in end.process.stdout
    with serving() as server:
        done(KIND, local(server.url, headers={"A": HIDDEN}), here)
    assert server.got[0].headers["A"] == token
