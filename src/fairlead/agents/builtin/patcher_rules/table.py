"""Which rules of the scanners are mended, what is then done, and why the others are not. The triage reads it too."""

from collections.abc import Mapping

from fairlead.core.findings import Finding

# Rule → what the patch does and what whoever approves it should think of, as `advice` shows it.
MENDED: Mapping[str, str] = {
    "security/archive-extraction": "Members and links that leave the folder are refused. Needs Python 3.11.4 or 3.12.",
    "security/command-injection": "The command becomes a list of words and no shell reads it: each value is one.",
    "security/debug-server": "The debugger is off unless the environment switches it on.",
    "security/insecure-random": "The value comes from the operating system's generator, which nobody can foresee.",
    "security/insecure-temporary-file": "The file is made together with its name: code that makes it has to change.",
    "security/loose-permissions": "Only the owner may write.",
    "security/request-without-timeout": "The request gives up after ten seconds: see whether that fits.",
    "security/sql-injection": "The values are handed over beside the statement.",
    "security/ssh-host-key-unchecked": "Only hosts that are in the known hosts are spoken to: see that they are there.",
    "security/template-autoescape-off": "HTML and XML templates escape their values: what is HTML must be marked.",
    "security/tls-verification-off": "Certificates are checked: one that nobody has signed needs `verify=PATH`.",
    "security/trojan-source": "Characters that turn the direction of text are gone, and escapes in texts.",
    "security/unsafe-deserialisation": "The loader makes plain data only: see that no other objects are meant.",
    "security/weak-hash": "The hash says that it is a checksum (usedforsecurity=False): see that it protects nothing.",
    "security/weak-key": "New keys have 3072 bits. Keys that exist stay as they are.",
    "security/weak-tls": "Both sides agree on the newest version of TLS that they know.",
    "security/xxe": "The parser reads no entities.",
    "security/js-tls-verification-off": "Certificates are checked.",
    "review/bare-except": "KeyboardInterrupt and SystemExit pass.",
    "review/constant-condition": "The comparison is one of values, not of identity.",
    "review/leftover-debugger": "The call is taken out, with an import that only it needed.",
    "review/js-debugger": "The statement is taken out.",
    "review/mutable-default": "The default is None, and each call makes a value of its own.",
    "review/repeated-entry": "The entry that had no effect is taken out.",
    "review/unused-import": "The import is taken out. If it was meant to have an effect, write `# noqa: F401`.",
    "review/wrong-format": "Arguments that the text does not use are taken out.",
    "review/wrong-handler": "The exception that another one of the same handler covers is taken out.",
    "review/wrong-raise": "NotImplementedError is raised: NotImplemented is no exception.",
    "dependencies/insecure-source": "Packages are fetched over https, and the certificate is checked.",
    "dependencies/known-vulnerability": "The version is raised to the smallest that no known advisory affects.",
}

_CHOICE = "What is right here is a decision of whoever wrote it."
# Why a rule is not mended, for those where a reader would ask. All others of our scanners: `_CHOICE`.
_WHY_NOT: Mapping[str, str] = {
    "security/bind-all-interfaces": "Whether others must reach the server, only its author knows.",
    "security/hard-coded-credential": "The credential must be changed where it is valid; a patch cannot do that.",
    "security/weak-cipher": "What is stored must be encrypted anew.",
    "security/ecb-mode": "What is stored must be encrypted anew.",
    "security/jwt-unverified": "The key that verifies the token stands nowhere in the code.",
    "security/path-traversal": "Which folder is allowed, only its author knows.",
    "security/ssrf": "Which hosts are allowed, only its author knows.",
    "security/open-redirect": "Which addresses are allowed, only its author knows.",
    "security/code-injection": "What the text may say, only its author knows.",
    "security/unread-file": "The file was not read.",
    "security/not-parsed": "The file is not valid Python here.",
    "security/image-without-digest": "The digest stands in the registry, which is not asked.",
    "security/ci-unpinned-action": "The commit stands at the other repository, which is not asked.",
    "security/unpinned-download": "The revision stands at the registry, which is not asked.",
    "review/swallowed-exception": "What should happen instead, only its author knows.",
    "dependencies/unpinned": "Which versions fit together, only a resolver knows.",
    "dependencies/lock-out-of-step": "A lock is written by its own program, which asks the registry.",
    "dependencies/no-lock-file": "A lock is written by its own program, which asks the registry.",
    "dependencies/malicious-package": "The package must go, and what used it must change.",
    "dependencies/unfixed-source": "The commit stands at the other repository, which is not asked.",
}
PYTHON = (".py", ".pyw", ".pyi")
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")


def why_not(finding: Finding) -> str:
    """Why *finding* cannot be mended by a rule, in a whole sentence; "" when it is worth trying."""
    if finding.rule.startswith("secrets/"):
        return _WHY_NOT["security/hard-coded-credential"]
    if finding.commit:
        return "It stands only in history, which a patch does not change."
    if finding.rule not in MENDED:
        return _WHY_NOT.get(finding.rule, _CHOICE)
    name = finding.path.rpartition("/")[2]
    if finding.rule == "dependencies/known-vulnerability":
        return _why_not_raised(name, finding)
    if finding.rule == "dependencies/insecure-source":
        return "" if not _is_lock(name) else "A lock is written by its own program, which asks the registry."
    is_javascript = "/js-" in finding.rule
    if not is_javascript and finding.path.endswith(_JAVASCRIPT):
        return _CHOICE
    return "" if finding.path.endswith(_JAVASCRIPT if is_javascript else PYTHON) else _CHOICE


def _why_not_raised(name: str, finding: Finding) -> str:
    if _is_lock(name):
        return f"{name} is written by its own program, which asks the registry. {finding.remedy}".strip()
    if " Fixed in " not in finding.message:
        return "No version is known in which it is mended."
    return ""


def _is_lock(name: str) -> bool:
    return name.endswith(".lock") or name in (
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "pylock.toml",
    )
