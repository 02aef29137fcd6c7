"""Which files of a very large tree to look at first: one rule, the same on every machine.

The order is: what describes the project (manifests, lock files), how it is built and shipped (containers, CI), source,
configuration, everything else, and last what is usually copied or generated; in each of these shallow before deep, then
by path.
"""

import re

_MANIFESTS = frozenset(
    {
        *(
            b"pyproject.toml",
            b"setup.py",
            b"setup.cfg",
            b"requirements.txt",
            b"pipfile",
            b"pipfile.lock",
            b"poetry.lock",
        ),
        *(b"uv.lock", b"package.json", b"package-lock.json", b"yarn.lock", b"pnpm-lock.yaml", b"go.mod", b"go.sum"),
        *(b"cargo.toml", b"cargo.lock", b"gemfile", b"gemfile.lock", b"composer.json", b"composer.lock", b"pom.xml"),
        *(b"build.gradle", b"build.gradle.kts", b"mix.exs", b"manage.py", b"makefile", b"readme.md"),
    }
)
_SHIPPING = re.compile(
    rb"(^|/)(dockerfile|containerfile|docker-compose[^/]*|compose\.ya?ml|jenkinsfile|procfile)[^/]*$"
    rb"|^\.github/(workflows|actions)/|^\.gitlab-ci\.yml$|^\.circleci/|^azure-pipelines[^/]*$|\.dockerfile$"
)
_SOURCE = re.compile(
    rb"\.(py|pyi|pyw|js|jsx|mjs|cjs|ts|tsx|mts|cts|vue|svelte|go|rs|java|kt|kts|scala|rb|php|cs|c|h|cc|cpp|hpp|m|swift"
    rb"|sh|bash|zsh|ps1|pl|lua|r|ex|exs|erl|clj|hs|sql|tf|html|htm|jinja|j2)$"
)
_SETTINGS = re.compile(rb"\.(ya?ml|toml|ini|cfg|conf|env|properties|json|xml|pem|key)$|(^|/)\.env[^/]*$")
_COPIED = re.compile(
    rb"(^|/)(vendor|vendored|third_party|node_modules|dist|build|out|generated|fixtures|testdata|\.venv|venv)/"
    rb"|\.min\.(js|css)$|\.map$"
)


def rank(path: bytes) -> tuple[int, int, bytes]:
    """Sorts paths by how much they say about a project; smaller comes first."""
    folded = path.lower()
    depth = path.count(b"/")
    if _COPIED.search(folded):
        group = 5
    elif folded.rpartition(b"/")[2] in _MANIFESTS:
        group = 0
    elif _SHIPPING.search(folded):
        group = 1
    elif _SOURCE.search(folded):
        group = 2
    elif _SETTINGS.search(folded):
        group = 3
    else:
        group = 4
    return group, depth, path
