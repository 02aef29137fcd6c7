"""The parts one by one: lock files and manifests, required files, environment, headers, pipelines and containers."""

import hashlib
import json

import pytest

from fairlead.agents.builtin.compliance_checker.yaml_leaves import DEPTH_MAX, Leaf, NotYaml, leaves
from tests.agents.compliance.conftest import Check, found, state
from tests.corpora.compliance import MIT
from tests.proves import proves

RANDOM = hashlib.sha256(b"parts").hexdigest()[:20]
BILL = '{"bomFormat": "CycloneDX", "components": [\n{"name": "a", "licenses": [%s]}]}'
COMMIT = "0123456789abcdef0123456789abcdef01234567"


# ------------------------------------------------------------------------------------------------------------ licences


@pytest.mark.parametrize(
    ("path", "text", "rule", "line"),
    [
        ("composer.lock", '{"packages": [\n{\n "name": "a/b",\n "license": ["GPL-3.0"]}]}', "licence-not-allowed", 3),
        ("composer.lock", '{"packages": [\n{\n "name": "a/b",\n "license": ["proprietary"]}]}', "licence-unknown", 3),
        ("pixi.lock", "packages:\n- conda: https://a/zlib-1-h1.conda\n  license: GPL-2.0\n", "licence-not-allowed", 3),
        ("bom.json", BILL % '{"license": {"id": "SSPL-1.0"}}',
         "licence-not-allowed", 2),
        ("a.cdx.json", BILL % '{"expression": "MIT OR"}',
         "licence-not-parsed", 2),
        ("npm-shrinkwrap.json", '{"packages": {\n"node_modules/a": {\n"license": "Ours"}}}', "licence-unknown", 3),
        ("package-lock.json", '{"lockfileVersion": 1, "dependencies": {"a": {"version": "1"}}}', "licence-missing", 0),
        ("vendor/a/LICENSE", "GNU GENERAL PUBLIC LICENSE Version 3", "licence-not-allowed", 1),
        ("vendor/a/LICENSE", "Do what we say.", "licence-unknown", 1),
        ("LICENSE", "Do what we say.", "licence-unknown", 1),
        ("pyproject.toml", '[project]\nlicense = "Ours"\n', "licence-unknown", 2),
        ("pyproject.toml", '[project]\nclassifiers = [\n"License :: OSI Approved :: Theirs"]\n', "licence-unknown", 3),
        ("pyproject.toml", '[tool.poetry]\nlicense = "MIT OR"\n', "licence-not-parsed", 2),
        ("setup.cfg", "[metadata]\nlicense = Ours\n", "licence-unknown", 2),
        ("setup.py", 'from setuptools import setup\nsetup(\n  license="Ours",\n)\n', "licence-unknown", 3),
        ("Cargo.toml", '[package]\nlicense = "MIT/Ours/"\n', "licence-not-parsed", 2),
        ("composer.json", '{\n"license": "Ours"}', "licence-unknown", 2),
        ("package.json", '{\n"license": {"type": "Ours"}}', "licence-unknown", 2),
    ],
)  # fmt: skip
def test_licences_are_read_where_they_are_stated(check: Check, path: str, text: str, rule: str, line: int) -> None:
    assert found(check({path: text}, {"scope": "licences"}), rule) == [(path, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("setup.py", 'from setuptools import setup\nsetup(classifiers=["License :: OSI Approved :: MIT License"])\n'),
        ("setup.cfg", "[metadata]\nclassifiers =\n    License :: OSI Approved :: Apache Software License\n"),
        ("pyproject.toml", '[project]\nlicense = {file = "LICENSE"}\n'),
        ("Cargo.toml", '[package]\nlicense = "MIT/Apache-2.0"\n'),
        ("Cargo.toml", "[package]\nlicense.workspace = true\n"),
        ("package.json", '{"license": "SEE LICENSE IN LICENSE"}'),
        ("package.json", '{"license": "UNLICENSED"}'),
        ("package.json", '{"licenses": [{"type": "MIT"}, {"type": "GPL-3.0"}]}'),
        ("composer.json", '{"license": ["MIT", "GPL-3.0"]}'),
        ("tests/package.json", '{"license": "Ours"}'),
        ("tests/package-lock.json", '{"packages": {"node_modules/a": {"license": "Ours"}}}'),
    ],
)
def test_what_is_right_or_serves_tests_is_no_finding(check: Check, path: str, text: str) -> None:
    outcome = check({path: text, "LICENSE": MIT}, {"scope": "licences"})
    rules = {one["rule"] for one in outcome.output["findings"]}
    assert rules <= {"compliance/licence-mismatch"}
    assert outcome.degraded == ()


def test_a_list_of_the_caller_replaces_the_one_that_ships(check: Check) -> None:
    lock = {
        "package-lock.json": '{"packages": {\n"node_modules/a": {"license": "MPL-2.0"},\n'
        '"node_modules/b": {"license": "MIT"}}}'
    }
    first = check(lock, {"scope": "licences"})
    assert found(first, "licence-not-allowed") == [("package-lock.json", 2)]
    second = check(lock, {"scope": "licences", "licences_allowed": ["MPL-2.0"]})
    assert found(second, "licence-not-allowed") == [("package-lock.json", 3)]


def test_what_is_needed_only_for_development_is_milder(check: Check) -> None:
    lock = {"node_modules/a": {"license": "GPL-3.0-only", "dev": True}, "node_modules/b": {"license": "GPL-3.0-only"}}
    outcome = check({"package-lock.json": json.dumps({"packages": lock}, indent=1)}, {"scope": "licences"})
    assert [one["severity"] for one in outcome.output["findings"] if "not-allowed" in one["rule"]] == ["low", "medium"]


def test_a_package_for_many_systems_is_one_finding(check: Check) -> None:
    rows = {
        f"node_modules/a-{name}": {"license": "LGPL-3.0-only", "os": [name]} for name in ("linux", "darwin", "win32")
    }
    lock = json.dumps({"packages": {**rows, "node_modules/b": {"license": "LGPL-3.0-only"}}}, indent=1)
    outcome = check({"package-lock.json": lock}, {"scope": "licences"})
    first, second = (one for one in outcome.output["findings"] if "not-allowed" in one["rule"])
    assert first["message"].startswith("`a-linux` ")
    assert first["message"].endswith("So have 2 more packages that are built for one system each.")
    assert second["message"].startswith("`b` ")


def test_committed_packages_of_npm_are_read(check: Check) -> None:
    files = {
        "node_modules/@a/b/package.json": '{"name": "@a/b", "license": "GPL-3.0-only"}',
        "node_modules/c/x/package.json": "{",
    }
    outcome = check(files, {"scope": "licences"}, is_git=True)
    assert found(outcome, "licence-not-allowed") == [("node_modules/@a/b/package.json", 1)]
    assert outcome.degraded == ()


def test_several_licence_texts_are_a_choice(check: Check) -> None:
    files = {
        "LICENSE-MIT": MIT,
        "LICENSE-APACHE": "Apache License\nVersion 2.0",
        "Cargo.toml": '[package]\nlicense = "MIT OR Apache-2.0"\n',
    }
    outcome = check(files, {"scope": "licences"})
    assert outcome.output["findings"] == []
    assert state(outcome, "B01") == "met"


# --------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("files", "is_found"),
    [
        ({"package.json": '{"private": true, "dependencies": {"a": "1"}}'}, True),
        ({"package.json": '{"private": true}'}, False),
        ({"a/package.json": '{"private": true, "dependencies": {"a": "1"}}', "package-lock.json": "{}"}, False),
        ({"a/package.json": '{"private": true, "dependencies": {"a": "1"}}', "b/package-lock.json": "{}"}, True),
        ({"examples/package.json": '{"private": true, "dependencies": {"a": "1"}}'}, False),
        ({"requirements.txt": "flask\n"}, True),
        ({"requirements.txt": "flask==3.0\n# more\n-r other.txt\n"}, False),
        ({"requirements.txt": "flask\nclick==8\n"}, True),
        ({"requirements-dev.txt": "pytest\n"}, True),
        ({"requirements-dev.txt": "pytest\n", "requirements.txt": "flask==3.0\n"}, False),
        ({"requirements.in": "flask\n", "requirements.txt": "flask==3.1 ; python_version > '3'\n"}, False),
        ({"pyproject.toml": '[project]\ndependencies = ["a"]\n', "requirements/base.txt": "a==1\n"}, False),
        ({"pyproject.toml": '[project]\ndependencies = ["a"]\n', "poetry.lock": ""}, False),
        ({"go.mod": "module a\nrequire b v1\n"}, True),
        ({"go.mod": "module a\nrequire b v1\n", "go.sum": ""}, False),
        ({"Cargo.toml": "[dependencies]\na = '1'\n"}, True),
        ({"Gemfile": "gem 'rails'\n", "Gemfile.lock": ""}, False),
        ({"setup.py": "setup(install_requires=[])\n"}, False),
    ],
)
def test_packages_need_a_lock(check: Check, files: dict[str, str], is_found: bool) -> None:
    outcome = check(files, {"scope": "files"})
    assert bool(found(outcome, "no-lock-file")) is is_found
    assert state(outcome, "B06") != ("met" if is_found else "open")


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("Readme.rst", "no-readme"),
        ("docs/security.md", "no-security-policy"),
        (".well-known/security.txt", "no-security-policy"),
        (".gitlab/CODEOWNERS", "no-code-owners"),
        ("MAINTAINERS.md", "no-code-owners"),
        ("Jenkinsfile", "no-ci"),
        (".buildkite/pipeline.yml", "no-ci"),
        ("pkg/a_test.go", "no-tests"),
        ("src/test/java/ATest.java", "no-tests"),
        ("spec/a_spec.rb", "no-tests"),
    ],
)
def test_a_file_counts_wherever_it_may_stand(check: Check, path: str, rule: str) -> None:
    scope = "ci" if rule == "no-ci" else "files"
    assert found(check({"a.txt": ""}, {"scope": scope}), rule)
    assert found(check({path: "x"}, {"scope": scope}), rule) == []


def test_a_workflow_that_locks_issues_updates_nothing(check: Check) -> None:
    files = {"package.json": '{"dependencies": {"a": "1"}}', ".github/workflows/lock-issues.yml": "on: push\n"}
    assert found(check(files, {"scope": "files"}), "no-dependency-updates")
    files[".github/workflows/update-deps.yml"] = "on: push\n"
    assert found(check(files, {"scope": "files"}), "no-dependency-updates") == []


def test_updates_may_be_set_up_in_the_manifest(check: Check) -> None:
    manifest = '{\n"renovate": {},\n"dependencies": {"a": "1"}}'
    assert found(check({"package.json": manifest}, {"scope": "files"}), "no-dependency-updates") == []
    assert found(
        check({"package.json": manifest.replace("renovate", "x")}, {"scope": "files"}), "no-dependency-updates"
    )


# --------------------------------------------------------------------------------------------------------- environment


@pytest.mark.parametrize(
    ("path", "line", "severity"),
    [
        (".env", f"API_TOKEN={RANDOM}", "high"),
        ("deploy/prod.env", f"export DB_PASSWORD='{RANDOM}'", "high"),
        (".env.production", f"SECRET_KEY = {RANDOM}", "high"),
        (".env", "API_TOKEN=", "low"),
        (".env", "API_TOKEN=changeme", "low"),
        (".env", "API_TOKEN=${FROM_ELSEWHERE}", "low"),
        (".env", f"NEXT_PUBLIC_API_KEY={RANDOM}", "low"),
        (".env", "MODE=plain", "low"),
        (".env.test", f"API_TOKEN={RANDOM}", "low"),
        ("tests/.env", f"API_TOKEN={RANDOM}", "low"),
        ("tests/.env", "MODE=plain", "info"),
    ],
)
def test_a_committed_environment_file_weighs_what_stands_in_it(
    check: Check, path: str, line: str, severity: str
) -> None:
    outcome = check({path: f"# settings\n{line}\n", ".gitignore": ".env\n"}, {"scope": "environment"}, is_git=False)
    (one,) = [one for one in outcome.output["findings"] if one["rule"].endswith("env-file-committed")]
    assert (one["path"], one["severity"]) == (path, severity)
    assert RANDOM not in json.dumps(outcome.output)


@pytest.mark.parametrize(
    "path", [".env.example", ".env.sample", "env.template", ".env.dist", "example.env", ".env.vault", ".env"]
)
def test_examples_and_empty_files_are_no_findings(check: Check, path: str) -> None:
    text = "# nothing\n" if path == ".env" else f"API_TOKEN={RANDOM}\n"
    assert found(check({path: text}, {"scope": "environment"}), "env-file-committed") == []


def test_a_file_that_git_has_not_recorded_is_only_not_ignored(check: Check) -> None:
    check({"a.txt": ""}, is_git=True)
    outcome = check({".env": f"API_TOKEN={RANDOM}\n"}, {"scope": "environment"})
    assert found(outcome, "env-file-committed") == []
    assert found(outcome, "env-not-ignored") == [(".gitignore", 0)]


@pytest.mark.parametrize(
    ("ignored", "is_enough"),
    [
        (".env\n", True),
        ("/.env\n", True),
        ("**/.env\n", True),
        ("*.env\n", True),
        (".env*\n!.env.example\n", True),
        (".env\n!.env\n", False),
        ("#.env\n", False),
        (".env/\n", False),
        (".env.local\n", False),
        ("", False),
    ],
)
def test_an_environment_file_is_ignored_by_a_pattern(check: Check, ignored: str, is_enough: bool) -> None:
    outcome = check({".gitignore": ignored, ".env.example": "A=\n"}, {"scope": "environment"})
    assert bool(found(outcome, "env-not-ignored")) is not is_enough
    assert state(outcome, "B12") == ("met" if is_enough else "open")


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("a.py", "import os\nos.environ['ORDERS']\n", 2),
        ("a.py", "import os\nos.environ.get('ORDERS', 'x')\n", 2),
        ("a.py", "from os import getenv\ngetenv('ORDERS')\n", 2),
        ("a.js", "\nconst a = process.env.ORDERS;\n", 2),
        ("a.ts", "\nconst a = process.env['ORDERS'] ?? '';\n", 2),
        ("a.vue", "\nimport.meta.env.ORDERS\n", 2),
        ("a.py", "import os\nos.environ['ORDERS'] = 'set'\n", 0),
        ("a.py", "# os.environ['ORDERS']\n", 0),
        ("a.py", "'''os.environ['ORDERS']'''\n", 0),
        ("a.py", "import os\nos.environ[f'{x}_ORDERS']\n", 0),
        ("a.py", "import os\nos.environ['PATH'], os.environ['GITHUB_TOKEN'], os.getenv('XDG_CACHE_HOME')\n", 0),
        ("a.js", "// process.env.ORDERS\n", 0),
        ("a.js", "const a = process.env.NODE_ENV;\n", 0),
        ("tests/a.py", "import os\nos.environ['ORDERS']\n", 0),
        ("a.py", "import os\nos.environ['ORDERS'\n", 0),
    ],
)
def test_a_variable_that_no_document_names_is_told_once(check: Check, path: str, text: str, line: int) -> None:
    files = {path: text, "z.py": "import os\nos.environ['ORDERS']\n" if line else ""}
    outcome = check(files, {"scope": "environment"})
    assert found(outcome, "env-undocumented") == ([(path, line)] if line else [])
    documented = check({**files, "docs/a.md": "ORDERS\n"}, {"scope": "environment"})
    assert found(documented, "env-undocumented") == []


def test_many_variables_are_told_and_the_rest_is_counted(check: Check) -> None:
    names = [f"ORDERS_{letter}" for letter in "ABCDEFGHIJKLM"]
    code = "import os\n" + "".join(f"os.environ['{name}']\n" for name in names)
    outcome = check({"a.py": code}, {"scope": "environment"})
    assert found(outcome, "env-undocumented") == [("a.py", number) for number in range(2, 12)]
    assert outcome.output["findings"][-1]["message"].endswith("3 more variables are like it.")


# ------------------------------------------------------------------------------------------------------------- headers

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
ALL = ["content-security-policy", "content-type-options", "frame-options", "strict-transport-security"]


@pytest.mark.parametrize(
    ("path", "text", "missing"),
    [
        ("a.py", "<FLASK>", ALL),
        ("a.py", "from fastapi import FastAPI\napp = FastAPI()\n", ALL),
        ("a.py", '"""from flask import Flask: app = Flask(__name__)"""\n', []),
        ("a.py", "from flask import Flask\nFlask(\n", []),
        ("tests/a.py", "<FLASK>", []),
        ("a.py", "<FLASK># X-Frame-Options\n'''X-Frame-Options'''\n", ALL),
        (
            "a.py",
            "<FLASK>@app.after_request\ndef a(r):\n    r.headers['x-frame-options'] = 'DENY'\n",
            [ALL[0], ALL[1], ALL[3]],
        ),
        ("a.py", "<FLASK>Talisman(app, content_security_policy=0)\n", ALL[:1]),
        ("a.py", "<FLASK>Talisman(app, force_https=False)\n", []),
        ("shop/settings.py", 'ROOT_URLCONF = "a"\nMIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]\n',
         [ALL[0], ALL[2], ALL[3]]),
        ("shop/settings.py", 'ROOT_URLCONF = "a"\nMIDDLEWARE = ["a.CSPMiddleware", "x.SecurityMiddleware", '
         '"x.XFrameOptionsMiddleware"]\nSECURE_HSTS_SECONDS = env.int("A")\n', []),
        ("shop/settings.py", 'ROOT_URLCONF = "a"\nMIDDLEWARE = ["x.SecurityMiddleware", "x.XFrameOptionsMiddleware"]\n'
         "SECURE_CONTENT_TYPE_NOSNIFF = False\nX_FRAME_OPTIONS = 'ALLOWALL'\nSECURE_CSP = {}\nSECURE_HSTS_SECONDS = 0",
         ALL),
        ("global_settings.py", "MIDDLEWARE = []\nSECURE_HSTS_SECONDS = 0\nCSRF_COOKIE_SECURE = False\n", []),
        ("a.js", "const express = require('express');\nconst app = express();\n", ALL),
        ("a.js", "const app = require('express')();\n", ALL),
        ("a.js", "import Koa from 'koa';\nconst app = new Koa();\n", ALL),
        ("a.js", "// const app = require('express')();\n", []),
        ("a.js", "const express = require('express');\nconst router = express.Router();\n", []),
        ("a.js", "const app = require('express')();\napp.use(require('helmet')({ frameguard: false }));\n", ALL[2:3]),
        ("a.js", "const app = require('express')();\nimport helmet from 'helmet';\napp.use(helmet.hsts());\n", ALL[:3]),
        ("a.js", "import fastify from 'fastify';\nimport helmet from '@fastify/helmet';\nconst app = fastify();\n"
         "app.register(helmet, { contentSecurityPolicy: false });\n", ["content-security-policy"]),
        ("a.js", "const app = require('express')();\napp.use((q, r) => r.set('X-Content-Type-Options', 'nosniff'));\n",
         [ALL[0], *ALL[2:]]),
        ("nginx.conf", "server {\n  listen 80;\n  add_header X-Frame-Options DENY;\n}\n", [ALL[0], ALL[1], ALL[3]]),
        ("nginx.conf", "server {\n  listen 80;\n  add_header X-Frame-Options ALLOWALL;\n}\n", ALL),
        ("logging.conf", "[loggers]\nkeys=root\n", []),
        ("_headers", "/*\n  X-Frame-Options: DENY\n", []),
    ],
)  # fmt: skip
def test_a_header_that_nothing_sends_is_told(check: Check, path: str, text: str, missing: list[str]) -> None:
    outcome = check({path: text.replace("<FLASK>", FLASK)}, {"scope": "headers"})
    rules = [one["rule"].removeprefix("compliance/header-") for one in outcome.output["findings"]]
    assert sorted(rules) == sorted(missing)
    assert state(outcome, "B14") != "met" or not missing


def test_a_server_in_front_sends_for_the_application(check: Check) -> None:
    app = {"a.py": FLASK}
    names = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Strict-Transport-Security")
    server = "server {\n listen 80;\n" + "".join(f" add_header {name} x;\n" for name in names) + "}\n"
    assert len(check(app, {"scope": "headers"}).output["findings"]) == 4
    outcome = check({**app, "deploy/site.conf": server}, {"scope": "headers"})
    assert outcome.output["findings"] == []
    assert state(outcome, "B14") == "met"


@proves("C10.2")
def test_two_matches_on_neighbouring_lines_are_two_findings(check: Check) -> None:
    text = 'ROOT_URLCONF = "a"\nSESSION_COOKIE_SECURE = False\nCSRF_COOKIE_SECURE = False\n'
    assert found(check({"shop/settings.py": text}), "cookie-not-secure") == [
        ("shop/settings.py", 2),
        ("shop/settings.py", 3),
    ]
    rows = ",\n".join(f'"node_modules/{name}": {{"license": "GPL-3.0-only"}}' for name in "ab")
    lock = f'{{"packages": {{\n{rows}}}}}'
    outcome = check({"package-lock.json": lock})
    assert found(outcome, "licence-not-allowed") == [("package-lock.json", 2), ("package-lock.json", 3)]
    assert len({one["fingerprint"] for one in outcome.output["findings"]}) == len(outcome.output["findings"])


def test_fingerprints_survive_a_move_of_the_lines(check: Check) -> None:
    lock = '{"packages": {\n"node_modules/a": {"license": "GPL-3.0-only"}}}'
    app = "from flask import Flask\nimport os\napp = Flask(os.environ['ORDERS'])\n"
    before = check({"package-lock.json": lock, "a.py": app})
    after = check({"package-lock.json": "\n\n" + lock, "a.py": "# moved\n" + app})
    assert {f["line"] for f in before.output["findings"]} != {f["line"] for f in after.output["findings"]}
    assert {f["fingerprint"] for f in before.output["findings"]} == {f["fingerprint"] for f in after.output["findings"]}


# ---------------------------------------------------------------------------------------------------- CI and containers


@pytest.mark.parametrize(
    ("text", "pinned", "limited"),
    [
        (f"permissions: {{}}\njobs:\n a:\n  steps:\n   - uses: acme/a@{COMMIT}\n", "met", "met"),
        ("permissions: read-all\njobs:\n a:\n  steps:\n   - uses: acme/a@v1\n", "open", "met"),
        ("jobs:\n a:\n  permissions: {contents: read}\n  steps: [{uses: actions/checkout@v4}]\n", "met", "met"),
        ("jobs:\n a:\n  permissions: {contents: read}\n b:\n  steps: [{run: x}]\n", "met", "open"),
        ("permissions: write-all\njobs:\n a:\n  steps: [{run: x}]\n", "met", "open"),
        ("jobs:\n a:\n  container: node:22\n  steps: [{run: x}]\n", "open", "open"),
        ("jobs:\n a:\n  services:\n   db:\n    image: postgres:17\n", "open", "open"),
        ("jobs:\n a:\n  uses: acme/a/.github/workflows/b.yml@main\n", "open", "open"),
        ("jobs:\n a:\n  uses: ./.github/workflows/b.yml\n", "met", "open"),
        ("jobs: [\n", "open", "not applicable"),
    ],
)
def test_workflows_are_pinned_and_limited(check: Check, text: str, pinned: str, limited: str) -> None:
    outcome = check({".github/workflows/a.yml": "on: push\n" + text}, {"scope": "ci"})
    assert (state(outcome, "B10"), state(outcome, "B11")) == (pinned, limited)
    assert outcome.output["findings"] == []


@pytest.mark.parametrize(
    ("image", "expected"), [("python:3.12", "open"), ("python@sha256:" + "0" * 64, "met"), ("$IMAGE", "met")]
)
def test_pipelines_of_gitlab_name_images_by_digest(check: Check, image: str, expected: str) -> None:
    outcome = check({".gitlab-ci.yml": f"test:\n  image: {image}\n  script: [x]\n"}, {"scope": "ci"})
    assert state(outcome, "B10") == expected
    assert state(outcome, "B11") == "not applicable"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nUSER shop\n", "met"),
        ("FROM a\nUSER root\n", "open"),
        ("FROM a\nUSER 0:0\n", "open"),
        ("FROM a\nUSER shop\nUSER root\n", "open"),
        ("FROM a\n", "open"),
        ("FROM a AS one\nUSER shop\nFROM b\n", "open"),
        ("FROM a AS one\nUSER shop\nFROM one\n", "met"),
        ("FROM --platform=linux/amd64 gcr.io/distroless/static:nonroot\n", "met"),
        ("# FROM a\n", "not applicable"),
        ("", "not applicable"),
    ],
)
def test_containers_run_as_the_user_of_the_last_stage(check: Check, text: str, expected: str) -> None:
    outcome = check({"Dockerfile": text}, {"scope": "containers"})
    assert state(outcome, "B15") == expected
    assert outcome.output["findings"] == []


def test_yaml_is_read_as_its_scalars() -> None:
    text = "a: {b: [1, {c: x}]}\nd: &e y\nf: *e\ng:\n- h\n---\ni: z\n"
    assert list(leaves(text)) == [
        Leaf(("a", "b", "0"), "1", 1),
        Leaf(("a", "b", "1", "c"), "x", 1),
        Leaf(("d",), "y", 2),
        Leaf(("g", "0"), "h", 5),
        Leaf(("i",), "z", 7),
    ]


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t- x", "? [a]\n: b", "[" * (DEPTH_MAX + 1), "a: \x00"])
def test_what_is_no_yaml_is_said(text: str) -> None:
    with pytest.raises(NotYaml, match=r"^(is|has) "):
        list(leaves(text))
