"""Repositories for the compliance-checker: three with one violation of every rule, and three without any.

A line that ends with `«rule»` (or several, one after the other) must be reported at that line; the marks are taken out.
What must be reported of a file as a whole, or of a file that is missing, stands in `whole`. Two rules exclude each
other, for a licence text that is missing disagrees with nothing: so every planted repository has a small twin.
"""

import hashlib
import re
from typing import NamedTuple

_MARK = re.compile(r" ?«([\w-]+)»")
_RANDOM = hashlib.sha256(b"compliance").hexdigest()[:24]

MIT = """MIT License

Copyright (c) 2026 The Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software.
"""
# Every header of one application is missing where it begins.
NO_HEADERS = (
    "«header-content-security-policy»«header-frame-options»"
    "«header-content-type-options»«header-strict-transport-security»"
)


class Repository(NamedTuple):
    """Files, with their marks, and what must be reported besides."""

    files: dict[str, str]
    whole: tuple[tuple[str, str], ...] = ()  # path, rule

    def planted(self) -> tuple[dict[str, bytes], list[tuple[str, str, int]]]:
        """The files without marks, and (path, rule, line) of what must be reported."""
        wanted = [(path, f"compliance/{rule}", 0) for path, rule in self.whole]
        files: dict[str, bytes] = {}
        for path, marked in self.files.items():
            for number, line in enumerate(marked.split("\n"), 1):
                wanted += [(path, f"compliance/{rule}", number) for rule in _MARK.findall(line)]
            files[path] = _MARK.sub("", marked).replace("<RANDOM>", _RANDOM).encode()
        return files, wanted


_MISSING_FILES = (
    ("LICENSE", "no-licence-file"),
    ("README.md", "no-readme"),
    ("SECURITY.md", "no-security-policy"),
    ("CODEOWNERS", "no-code-owners"),
    (".github/dependabot.yml", "no-dependency-updates"),
    (".github/workflows", "no-ci"),
    ("tests", "no-tests"),
    (".gitignore", "env-not-ignored"),
    (".env.example", "env-example-missing"),
)
_ENVIRONMENT = "# local settings\nMODE=plain\nORDERS_TOKEN=<RANDOM> «env-file-committed»\n"


def _metadata(name: str, licence: str) -> str:
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n\nA package.\n"


PYTHON = Repository(
    {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["flask"]\nlicense = "MIT"\n',
        ".env": _ENVIRONMENT,
        "shop/app.py": f"""import os

from dotenv import load_dotenv
from flask import Flask

load_dotenv()
app = Flask(__name__) {NO_HEADERS}
app.config.update(
    SESSION_COOKIE_SECURE=False, «cookie-not-secure»
    TOKEN=os.environ["ORDERS_TOKEN"], «env-undocumented»
)
""",
        "vendor/a-1.0.dist-info/METADATA": _metadata("a", "License-Expression: AGPL-3.0-only «licence-not-allowed»"),
        "vendor/b-1.0.dist-info/METADATA": _metadata("b", "License: Our own words «licence-unknown»"),
        "vendor/c-1.0.dist-info/METADATA": _metadata("c", "License-Expression: (MIT OR «licence-not-parsed»"),
        "vendor/d-1.0.dist-info/METADATA": _metadata("d", "Summary: says nothing of it"),
        "vendor/e-1.0.dist-info/METADATA": _metadata("e", "License-Expression: MIT OR GPL-3.0-only"),
    },
    (*_MISSING_FILES, ("pyproject.toml", "no-lock-file"), ("vendor/d-1.0.dist-info/METADATA", "licence-missing")),
)
PYTHON_TWIN = Repository(
    {
        "LICENSE": MIT,
        "README.md": "# Shop\n",
        "pyproject.toml": '[project]\nname = "shop"\nlicense = "Apache-2.0" «licence-mismatch»\n',
        "SECURITY.md": "Write to us.\n",
        "CODEOWNERS": "* @us\n",
        ".gitlab-ci.yml": "test:\n  script: [pytest]\n",
        "tests/test_shop.py": "def test_shop(): ...\n",
    }
)

JAVASCRIPT = Repository(
    {
        "package.json": '{\n  "name": "shop",\n  "private": true,\n  "dependencies": {"express": "5"}\n}\n',
        ".env": _ENVIRONMENT,
        "src/app.js": f"""require("dotenv").config();
const express = require("express");
const session = require("express-session");

const app = express(); {NO_HEADERS}
app.use(session({{
  secret: process.env.ORDERS_TOKEN, «env-undocumented»
  cookie: {{
    secure: false, «cookie-not-secure»
  }},
}}));
""",
        "tools/package.json": '{\n  "name": "tools"\n}\n',
        "tools/package-lock.json": """{
  "lockfileVersion": 3,
  "packages": {
    "node_modules/a": {
      "license": "GPL-3.0-only" «licence-not-allowed»
    },
    "node_modules/b": {
      "license": "Our own words", «licence-unknown»
      "dev": true
    },
    "node_modules/@s/c": {
      "license": "MIT OR" «licence-not-parsed»
    },
    "node_modules/d": {
    },
    "node_modules/e": {
      "license": "(MIT OR GPL-3.0-only)"
    }
  }
}
""",
    },
    (*_MISSING_FILES, ("package.json", "no-lock-file"), ("tools/package-lock.json", "licence-missing")),
)
JAVASCRIPT_TWIN = Repository(
    {
        "LICENSE": MIT,
        "README.md": "# Shop\n",
        "package.json": '{\n  "name": "shop",\n  "license": "ISC" «licence-mismatch»\n}\n',
        "SECURITY.md": "Write to us.\n",
        "CODEOWNERS": "* @us\n",
        ".gitlab-ci.yml": "test:\n  script: [npm test]\n",
        "src/shop.test.js": "test('shop', () => {});\n",
    }
)

MIXED = Repository(
    {
        "server/pyproject.toml": '[project]\nname = "server"\ndependencies = ["django"]\n',
        "server/.env.production": _ENVIRONMENT,
        "server/shop/settings.py": f"""import os
from dotenv import load_dotenv

load_dotenv()
ROOT_URLCONF = "shop.urls"
MIDDLEWARE = ["shop.middleware.Ours"] {NO_HEADERS}
SESSION_COOKIE_SECURE = False «cookie-not-secure»
CSRF_COOKIE_SECURE = False «cookie-not-secure»
TOKEN = os.getenv("ORDERS_TOKEN") «env-undocumented»
""",
        "client/package.json": '{\n  "name": "client",\n  "private": true,\n  "dependencies": {"react": "19"}\n}\n',
        "client/package-lock.json": """{
  "name": "client",
  "lockfileVersion": 3,
  "packages": {
    "": {
      "name": "client"
    },
    "node_modules/a": {
      "version": "1.0.0",
      "license": "AGPL-3.0-or-later" «licence-not-allowed»
    },
    "node_modules/b": {
      "version": "1.0.0",
      "license": "SEE LICENSE IN b.txt" «licence-unknown»
    },
    "node_modules/a/node_modules/c": {
      "version": "1.0.0",
      "license": "MIT AND (ISC" «licence-not-parsed»
    },
    "node_modules/d": {
      "version": "1.0.0"
    }
  }
}
""",
    },
    (
        *_MISSING_FILES,
        ("server/pyproject.toml", "no-lock-file"),
        ("client/package-lock.json", "licence-missing"),
        ("server/pyproject.toml", "licence-missing"),
    ),
)
MIXED_TWIN = Repository(
    {
        "COPYING": MIT,
        "README.rst": "Shop\n",
        "Cargo.toml": '[package]\nname = "shop"\nlicense = "MPL-2.0" «licence-mismatch»«licence-not-allowed»\n',
        "docs/SECURITY.md": "Write to us.\n",
        ".github/CODEOWNERS": "* @us\n",
        ".circleci/config.yml": "version: 2.1\n",
        "web/src/a.spec.ts": "test('a', () => {});\n",
    }
)

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_DIGEST = "sha256:" + hashlib.sha256(b"image").hexdigest()
_RIGHT = {
    "LICENSE": MIT,
    "README.md": "# Shop\n\nSet `ORDERS_TOKEN`.\n",
    "SECURITY.md": "Write to us.\n",
    ".github/CODEOWNERS": "* @us\n",
    ".github/dependabot.yml": "version: 2\n",
    ".github/workflows/ci.yml": f"""on: push
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    container:
      image: python@{_DIGEST}
    steps:
      - uses: actions/checkout@v5
      - uses: acme/cover@{_COMMIT}  # v2
""",
    ".gitignore": "*.log\n.env*\n!.env.example\n",
    ".env.example": "ORDERS_TOKEN=\nMODE=plain\n",
    "Dockerfile": f"FROM python@{_DIGEST} AS build\nRUN make\nFROM python@{_DIGEST}\nCOPY --from=build /a /\nUSER me\n",
}
PYTHON_RIGHT = Repository(
    {
        **_RIGHT,
        "pyproject.toml": '[project]\nname = "shop"\nlicense = "MIT"\ndependencies = ["flask"]\n',
        "uv.lock": 'version = 1\n[[package]]\nname = "flask"\n',
        "bom.json": """{"bomFormat": "CycloneDX", "components": [
  {"name": "flask", "licenses": [{"license": {"id": "BSD-3-Clause"}}]},
  {"name": "click", "licenses": [{"expression": "MIT OR GPL-2.0-only"}]}
]}
""",
        "shop/app.py": """import os
from flask import Flask
from flask_talisman import Talisman

app = Flask(__name__)
Talisman(app, content_security_policy={"default-src": "'self'"})
app.config.update(SESSION_COOKIE_SECURE=True, TOKEN=os.environ["ORDERS_TOKEN"], HOME=os.environ["HOME"])
""",
        "tests/test_shop.py": "import os\n\ndef test_shop(): assert os.environ['ONLY_FOR_TESTS']\n",
    }
)
JAVASCRIPT_RIGHT = Repository(
    {
        **_RIGHT,
        "package.json": '{"name": "shop", "license": "MIT", "dependencies": {"express": "5"}}\n',
        "package-lock.json": """{
  "lockfileVersion": 3,
  "packages": {
    "node_modules/express": {"version": "5.0.0", "license": "MIT"},
    "node_modules/both": {"license": "Apache-2.0 AND (GPL-2.0-only OR BSD-2-Clause)"},
    "node_modules/loud": {"license": "Apache-2.0 WITH LLVM-exception"},
    "node_modules/old": {"licenses": [{"type": "MIT"}, {"type": "GPL-2.0"}]},
    "packages/own": {"name": "own"},
    "node_modules/own": {"resolved": "packages/own", "link": true}
  }
}
""",
        "src/app.ts": """import express from "express";
import helmet from "helmet";

const app = express();
app.use(helmet());
// process.env.ONLY_IN_A_REMARK
app.get("/", (request, response) => response.cookie("a", process.env.ORDERS_TOKEN, { secure: true }));
""",
        "src/app.test.ts": "test('a', () => process.env.ONLY_FOR_TESTS);\n",
    }
)
MIXED_RIGHT = Repository(
    {
        **_RIGHT,
        "server/pyproject.toml": '[project]\nlicense = {text = "MIT License"}\ndependencies = ["django"]\n',
        "server/requirements.txt": "django==5.2.19 \\\n    --hash=sha256:aa\nasgiref==3.9\n",
        "server/vendor/django-5.dist-info/METADATA": _metadata(
            "django", "Classifier: License :: OSI Approved :: BSD License"
        ),
        "server/shop/settings.py": """ROOT_URLCONF = "shop.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SECURE_HSTS_SECONDS = 31536000
SESSION_COOKIE_SECURE = True
""",
        "server/shop/settings_dev.py": "SESSION_COOKIE_SECURE = False\nSECURE_HSTS_SECONDS = 0\n",
        "deploy/nginx.conf": """server {
    listen 443 ssl;
    # add_header X-Frame-Options ALLOWALL;
    add_header Content-Security-Policy "default-src 'self'" always;
}
""",
        "client/package.json": '{"private": true, "license": "UNLICENSED", "dependencies": {"react": "19"}}\n',
        "client/package-lock.json": '{"packages": {"node_modules/react": {"license": "MIT"}}}\n',
        "server/tests/test_shop.py": "def test_shop(): ...\n",
    }
)

PLANTED = {"Python": PYTHON, "JavaScript": JAVASCRIPT, "both": MIXED}
TWINS = {"Python": PYTHON_TWIN, "JavaScript": JAVASCRIPT_TWIN, "both": MIXED_TWIN}
RIGHT = {"Python": PYTHON_RIGHT, "JavaScript": JAVASCRIPT_RIGHT, "both": MIXED_RIGHT}


def secret() -> str:
    """The value that no finding may show."""
    return _RANDOM
