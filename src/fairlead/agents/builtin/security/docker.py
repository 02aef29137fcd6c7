"""Dockerfiles, Containerfiles and Compose files: what makes an image or a service easier to take over."""

import re
from collections.abc import Iterable, Iterator

from fairlead.agents.builtin.security import compose, named_values
from fairlead.agents.builtin.security.dockerfile import Instruction, Stage, instructions, settings, stages
from fairlead.agents.builtin.security.images import judge_image
from fairlead.agents.builtin.security.located import shortened
from fairlead.agents.builtin.security.matches import Match
from fairlead.agents.builtin.security.shell_lines import shell_matches

_NAMES = re.compile(r"(^|/)((docker|container)file(\.[^/]+)?|[^/]+\.(docker|container)file)$", re.IGNORECASE)
_NOT_ONE = re.compile(
    r"\.(md|rst|txt|orig|bak|dockerignore|containerignore|py|go|js|ts|html|json|ya?ml|j2|tpl|tmpl)$", re.IGNORECASE
)

# Images that do not start as root although no USER says so.
_UNPRIVILEGED = re.compile(
    r"nonroot|unprivileged|rootless|^cgr\.dev/chainguard/|^(docker\.io/)?bitnami/|^registry\.access\.redhat\.com/ubi\d+/(?!ubi)"
)
_SECRET_FILE = re.compile(
    r"(^|/)(\.env(\.(local|prod|production|staging|live))?|id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.npmrc|\.pypirc|\.git-credentials"
    r"|\.dockercfg|\.aws(/credentials)?|\.ssh|\.kube(/config)?|\.vault-token|[\w.-]*private[\w.-]*\.(pem|key)|[\w.-]+\.(pfx|p12|jks|keystore))/?$"
)
_ADDRESS = re.compile(r"https?://\S+")


def wants(path: str) -> bool:
    """Whether *path* is called like a Dockerfile or a Compose file."""
    return (_NAMES.search(path) is not None and _NOT_ONE.search(path) is None) or compose.wants(path)


def scan_file(path: str, text: str) -> Iterable[Match]:
    """Every match in a Dockerfile or Compose file."""
    if compose.wants(path):
        return list(compose.matches(text))
    found = instructions(text)
    parts = stages(found)
    return [*_images(parts), *_user(parts), *_instructions(found)]


def _images(parts: list[Stage]) -> Iterator[Match]:
    names: set[str] = set()
    for number, stage in enumerate(parts):
        if stage.image.lower() not in names and (said := judge_image(stage.image)):
            word = re.search(r"\S+", stage.start.body.text)
            if word:
                yield stage.start.body.match(said[0], *word.span(), said[1])
        if stage.name:
            names.add(stage.name)
        for instruction in stage.instructions:
            source = re.search(r"--from=(\S+)", instruction.flags.text)
            if source and instruction.keyword in ("COPY", "ADD"):
                other = source[1]
                is_stage = other.lower() in names or (other.isdigit() and int(other) <= number)
                if not is_stage and re.search(r"[:/]", other) and (said := judge_image(other)):
                    yield instruction.flags.match(said[0], *source.span(1), said[1])


def _user(parts: list[Stage]) -> Iterator[Match]:
    """Only the last stage is what runs; it takes over the user of a stage that it is built on."""
    if not parts:
        return
    by_name = {stage.name: stage for stage in parts if stage.name}
    final: Stage | None = parts[-1]
    stage = final
    for _ in parts:
        if stage is None:
            break
        users = [instruction for instruction in stage.instructions if instruction.keyword == "USER"]
        if users:
            name = users[-1].body.text.strip()
            if re.fullmatch(r"[\"']?(root|0)(:\S*)?[\"']?", name):
                message = "The container runs as root, because its last USER says so."
                yield users[-1].whole.match("security/container-root", 0, len(users[-1].whole.text), message)
            return
        base = by_name.get(stage.image.lower())
        if base is None and (not stage.image or _UNPRIVILEGED.search(stage.image)):
            return
        stage = base if base is not stage else None
    start = parts[-1].start.whole
    yield start.match("security/container-root", 0, len(start.text), "No USER is set, so the container runs as root.")


def _instructions(found: list[Instruction]) -> Iterator[Match]:
    for instruction in found:
        keyword = instruction.keyword
        if keyword in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
            yield from _command(instruction)
        elif keyword in ("ENV", "ARG"):
            yield from _settings(instruction)
        elif keyword in ("COPY", "ADD"):
            yield from _files(instruction)
        elif keyword == "EXPOSE":
            for port in re.finditer(r"(?<!\S)22(/tcp)?(?!\S)", instruction.body.text):
                message = "Port 22 is for SSH, which a container does not need."
                yield instruction.body.match("security/container-ssh", *port.span(), message)


def _command(instruction: Instruction) -> Iterator[Match]:
    yield from shell_matches(instruction.body)
    for flag in re.finditer(r"--security=insecure\b", instruction.flags.text):
        message = "The build step may do everything that root of the host may do."
        yield instruction.flags.match("security/privileged-container", *flag.span(), message)
    if instruction.keyword != "RUN":
        return
    for sudo in re.finditer(r"(?:^\s*|&&\s*|;\s*|\|\s*|\n\s*)(sudo)\s+(?!apt-get install|-h\b)", instruction.body.text):
        message = "`sudo` in a build needs a user who may become root without a password."
        yield instruction.body.match("security/container-sudo", *sudo.span(1), message)


def _settings(instruction: Instruction) -> Iterator[Match]:
    yield from shell_matches(instruction.body)
    for name, value, start, end in settings(instruction):
        if instruction.keyword == "ARG" and not value:
            if named_values.kind_of_name(name) and instruction.body.text[start - 1 : start] != "=":
                message = f"The value of the build argument `{name[:60]}` stays in the history of the image."
                yield instruction.body.match("security/container-secret-argument", start, end, message)
        elif kind := named_values.credential(name, value):
            message = f"A {kind} stands in the image as the value of `{name[:60]}`."
            yield instruction.body.match("security/container-credential", start, end, message, mask=(start, end))


def _files(instruction: Instruction) -> Iterator[Match]:
    words = list(re.finditer(r"[^\s\[\],\"']+", instruction.body.text))[:-1]
    is_from_stage = "--from=" in instruction.flags.text
    for word in words:
        if instruction.keyword == "ADD" and _ADDRESS.fullmatch(word[0]) and "--checksum=" not in instruction.flags.text:
            is_plain = word[0].startswith("http://")
            if re.search(r"#[0-9a-f]{40}$", word[0]):
                continue  # a git repository at an exact commit
            yield instruction.body.match(
                "security/container-add-address",
                *word.span(),
                "A file is downloaded into the image and nobody compares it with what was meant.",
                severity="high" if is_plain else None,
                reason="The address is http://, so anybody on the way can put in another file." if is_plain else "",
            )
        elif not is_from_stage and _SECRET_FILE.search(word[0]):
            message = f"`{shortened(word[0])}` is copied into the image, where everybody who has it can read it."
            yield instruction.body.match("security/container-secret-file", *word.span(), message)
