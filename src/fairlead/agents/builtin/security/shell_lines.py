"""Dangerous shell commands, wherever a shell is given text: Dockerfiles, workflows, pipelines."""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.security.located import Located, shortened
from fairlead.agents.builtin.security.matches import Match

# What ends one command. A single `&` stands in addresses. Quotes are not looked at, so that `sh -c "a | b"` is seen.
_END = re.compile(r"\|\|?|;|\n|&&")
_DOWNLOAD = re.compile(r"\b(?:curl|wget|fetch)\s")
_SHELL = re.compile(
    r"\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\w+=\S*\s+)*(?:[\w./-]*/)?(?:(?:ba|z|da|k|a|fi)?sh|python[\d.]*|perl|ruby|node|php)"
    r"(?=$|[\s;&|)\"'`])(?!\s+-[mc]\b)"
)
_SUBSTITUTED = re.compile(
    r"(?:\b(?:ba|z|da|k|a)?sh\s+(?:-\w+\s+){0,3}|\beval\s+|\bsource\s+|(?:^|[\s;&])\.\s+)[\"']?(?:<\(|\$\(|`)\s*(?:curl|wget)\b"
    r"[^)`\n]{0,300}[)`][\"']?"
)
_POWERSHELL = re.compile(
    r"\b(?:iex|Invoke-Expression)\b[^\n|;]{0,200}(?:DownloadString|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|curl|wget)\b[^\n;]{0,300}?(?:\)\)?|$)"
    r"|\b(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b[^\n;|]{0,300}\|\s*(?:iex|Invoke-Expression)\b",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN_HTTP = re.compile(r"\bhttp://(?!localhost\b|127\.|\[::1\])")
_LOCAL = re.compile(r"https?://(localhost|127\.|0\.0\.0\.0|\[::1\])|\s(localhost|127\.0\.0\.1)[:/]")

_CURL_FLAG = re.compile(r"(?<=\s)(?:-[fsSLgiIjNOqRv46]*k[a-zA-Z]*|--insecure)(?=[\s\"']|$)")
_WGET_FLAG = re.compile(r"(?<=\s)--no-check-certificate\b")
_TLS_OFF = re.compile(
    r"""--trusted-host\b|\btrusted-host\s+=?\s*\S|\bPIP_TRUSTED_HOST\s*[=:]
    |\bstrict-ssl[\s=]+["']?false\b|\bNPM_CONFIG_STRICT_SSL\s*[=:\s]\s*["']?false\b
    |\bNODE_TLS_REJECT_UNAUTHORIZED\s*[=:\s]\s*["']?0\b
    |\bhttp\.sslVerify[\s=]+["']?(?:false|0)\b|\bGIT_SSL_NO_VERIFY\s*[=:\s]\s*["']?(?:1|true)\b
    |\bPYTHONHTTPSVERIFY\s*[=:\s]\s*["']?0\b
    |\bVerify-Peer["'\s=]+false["']?|\bsslverify\s*=\s*(?:0|false)\b
    |--no-verify-ssl\b|--insecure-skip-tls-verify(?:=true)?(?=\s|$)|--tls-verify=false\b|--disable-ssl-verification\b""",
    re.VERBOSE | re.IGNORECASE,
)
_UNVERIFIED = re.compile(
    r"--allow-unauthenticated\b|--force-yes\b|--allow-insecure-repositories\b|\[[^\[\]\n]{0,100}\btrusted=yes\b[^\]\n]{0,100}\]"
    r"|--nogpgcheck\b|\bgpgcheck\s*=\s*(?:0|no|false)\b|--no-gpg-checks?\b|--allow-untrusted\b"
    r"|\brpm\b[^|;&\n]{0,200}--nosignature\b|\bAPT::Get::AllowUnauthenticated[\"'\s=]+(?:true|1)\b"
)
_WRITABLE = re.compile(r"\bchmod\s+(?:-\S+\s+)*(?:[0-7]?777|0?666|a\+r?wx?|a=rwx|o\+r?wx?|ugo\+r?wx?)\b")
_ENGINE = re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create|exec)\s")
_PRIVILEGED = re.compile(r"(?<=\s)--privileged(?:=true)?(?=\s|$)")
_HOST_KEY = re.compile(r"\bStrictHostKeyChecking[\s=]+[\"']?no\b", re.IGNORECASE)

_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#(?![^\n]*['\"`]\s*$)[^\n]*|^\s*#[^\n]*")


def shell_matches(command: Located) -> Iterator[Match]:
    """Every dangerous command in shell text."""
    # What is blanked keeps its length, so that offsets stay true.
    text = command.text.replace("\\\r\n", "   ").replace("\\\n", "  ").replace("`\n", "  ")
    text = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    yield from _piped(command, text)
    yield from _flags(command, text)
    for found in _TLS_OFF.finditer(text):
        yield _accepts_any(command, found)
    for found in _UNVERIFIED.finditer(text):
        message = f"`{shortened(found[0])}` installs packages without asking who signed them."
        yield command.match("security/unverified-packages", *found.span(), message)
    for found in _WRITABLE.finditer(text):
        yield command.match(
            "security/world-writable", *found.span(), f"`{shortened(found[0])}` lets every user change the file."
        )
    for found in _HOST_KEY.finditer(text):
        yield command.match(
            "security/command-host-key-unchecked",
            *found.span(),
            "SSH accepts whoever answers, because the host's key is not compared.",
        )


def _piped(command: Located, text: str) -> Iterator[Match]:
    for found in (*_SUBSTITUTED.finditer(text), *_POWERSHELL.finditer(text)):
        yield _run_at_once(command, *found.span())
    start = 0
    for end in _END.finditer(text):
        if end[0] == "|" and (download := _DOWNLOAD.search(text, start, end.start())):
            shell = _SHELL.match(text, end.end())
            if shell:
                yield _run_at_once(command, download.start(), shell.end())
        start = end.end()


def _run_at_once(command: Located, start: int, end: int) -> Match:
    if _PLAIN_HTTP.search(command.text, start, end):
        return command.match(
            "security/pipe-to-shell",
            start,
            end,
            "A program is downloaded without encryption and run at once.",
            severity="high",
            reason="The address is http://, so anybody on the way can put in another program.",
        )
    return command.match(
        "security/pipe-to-shell", start, end, "A program is downloaded and run at once, without a look at what came."
    )


def _flags(command: Located, text: str) -> Iterator[Match]:
    """Flags that mean something only to one program: the text is cut into commands first."""
    start = 0
    for end in [found.span() for found in _END.finditer(text)] + [(len(text), len(text))]:
        part = text[start : end[0]]
        if "curl" in part or "wget" in part:
            # Nobody can stand between a machine and itself.
            program = _DOWNLOAD.search(part)
            if program and not _LOCAL.search(part):
                flag = _CURL_FLAG if program[0].startswith("curl") else _WGET_FLAG
                for found in flag.finditer(part, program.end() - 1):
                    yield _accepts_any(command, found, start)
        if "--privileged" in part and (engine := _ENGINE.search(part)):
            for found in _PRIVILEGED.finditer(part, engine.end() - 1):
                message = "The container may do everything that root of the host may do."
                yield command.match(
                    "security/privileged-container", start + found.start(), start + found.end(), message
                )
        start = end[1]


def _accepts_any(command: Located, found: "re.Match[str]", start: int = 0) -> Match:
    message = f"`{shortened(found[0])}` accepts any certificate."
    return command.match("security/command-tls-off", start + found.start(), start + found.end(), message)
