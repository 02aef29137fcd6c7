"""Languages, manifests, places and licences, one by one."""

import pytest

from fairlead.agents.builtin import licence_texts
from fairlead.agents.builtin.inventory import languages, places
from fairlead.agents.builtin.inventory.frameworks import declared
from fairlead.agents.builtin.inventory.manifests import reader_for
from fairlead.agents.builtin.inventory.tables import table


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("a.py", b"", "Python"),
        ("src/a.PY", b"", "Python"),
        ("a.tsx", b"", "TypeScript"),
        ("a.mjs", b"", "JavaScript"),
        ("a.rs", b"", "Rust"),
        ("a.kts", b"", "Kotlin"),
        ("a.cu", b"", "CUDA"),
        ("Makefile", b"", "Makefile"),
        ("Makefile.am", b"", "Makefile"),
        ("Dockerfile", b"", "Dockerfile"),
        ("Dockerfile.prod", b"", "Dockerfile"),
        ("CMakeLists.txt", b"", "CMake"),
        ("notes.txt", b"", "Text"),
        ("Jenkinsfile", b"", "Groovy"),
        ("run", b"#!/bin/sh\n", "Shell"),
        ("run", b"#! /usr/bin/env python3.12\n", "Python"),
        ("run", b"#!/usr/bin/env -S node --flag\n", "JavaScript"),
        ("run", b"#!/usr/bin/env A=b ruby\n", "Ruby"),
        ("run", b"#!/usr/local/bin/perl -w\n", "Perl"),
        ("run", b"#!/usr/bin/unheard-of\n", None),
        ("run", b"#!", None),
        ("run", b"plain", None),
        ("a.unknown", b"", None),
        (".py", b"", "Python"),
    ],
)
def test_languages_are_known_by_name_extension_or_first_line(path: str, head: bytes, language: str | None) -> None:
    assert languages.language(path, head) == language


def test_the_tables_are_large_and_say_nothing_twice() -> None:
    rows = table("languages")
    assert len([row for row in rows.values() if row["kind"] == "code"]) >= 40
    for part in ("extensions", "names", "interpreters"):
        words = [word for row in rows.values() for word in row.get(part, ())]
        assert len(words) == len(set(words))
        assert words == [word.lower() for word in words]
    frameworks = table("frameworks")
    assert len(frameworks) >= 40
    for ecosystem in ("pypi", "npm", "go", "cargo", "maven", "gem", "composer", "hex", "nuget", "pub"):
        words = [word for row in frameworks.values() for word in row.get(ecosystem, ())]
        assert words
        assert len(words) == len(set(words)), ecosystem


MANIFESTS = [
    ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.10"\nDjango = "^5"\n', {"Django"}),
    ("pyproject.toml", '[tool.pdm.dev-dependencies]\nx = ["celery"]\n', {"Celery"}),
    (
        "requirements.txt",
        "# flask\n-r other.txt\nScikit_Learn==1.0 ; a>'3'\ntorch @ https://a/b\n",
        {"scikit-learn", "PyTorch"},
    ),
    ("requirements/base.in", "sanic\n", {"Sanic"}),
    ("setup.cfg", "[options]\ninstall_requires =\n    aiohttp[speedups]>=3\n    click\n", {"aiohttp", "Click"}),
    (
        "setup.py",
        "N = ['flask']\nsetuptools.setup(install_requires=N, extras_require={'a': ['pandas']})\n",
        {"Flask", "pandas"},
    ),
    ("Pipfile", '[packages]\nfalcon = "*"\n[requires]\npython_version = "3.11"\n', {"Falcon"}),
    ("package.json", '{"dependencies": {"next": "15", "react": "19"}}', {"Next.js", "React"}),
    ("package.json", '{"devDependencies": {"@angular/core": "1", "vitest": "2"}}', {"Angular", "Vitest"}),
    (
        "go.mod",
        "module a\nrequire (\n\tgithub.com/labstack/echo/v4 v4\n\tgorm.io/gorm v1 // indirect\n)\n"
        "require github.com/gin-gonic/gin v1\n",
        {"Echo", "Gin"},
    ),
    (
        "Cargo.toml",
        '[dependencies]\naxum = "0.7"\n[target."cfg(unix)".dependencies]\ntokio = {version = "1"}\n',
        {"Axum", "Tokio"},
    ),
    (
        "pom.xml",
        "<project xmlns='a'><parent><artifactId>a</artifactId><groupId>org.springframework.boot</groupId></parent>"
        "<dependency><groupId>junit</groupId><artifactId>junit</artifactId></dependency></project>",
        {"Spring Boot", "JUnit"},
    ),
    (
        "build.gradle",
        "// implementation 'io.ktor:ktor:1'\nplugins { id 'com.android.application' }\n"
        "dependencies { implementation 'io.quarkus:quarkus-core:3' }\n",
        {"Android", "Quarkus"},
    ),
    ("build.gradle.kts", 'dependencies { implementation("io.ktor:ktor-server:2") }', {"Ktor"}),
    (
        "gradle/libs.versions.toml",
        '[libraries]\na = { module = "io.micronaut:core" }\nb = "org.hibernate:core:1"\n',
        {"Micronaut", "Hibernate"},
    ),
    ("Gemfile", "source 'x'\n# gem 'sinatra'\ngem 'rails', '~> 7'\n", {"Ruby on Rails"}),
    ("a.gemspec", "s.add_dependency 'sinatra'\ns.add_development_dependency(\"rspec\")\n", {"Sinatra", "RSpec"}),
    (
        "composer.json",
        '{"require": {"Laravel/Framework": "^11"}, "require-dev": {"phpunit/phpunit": "*"}}',
        {"Laravel", "PHPUnit"},
    ),
    (
        "mix.exs",
        '  defp deps do\n    [\n      # {:ecto, "1"},\n      {:phoenix, "~> 1.7"}\n    ]\n  end\n',
        {"Phoenix"},
    ),
    (
        "a/b.csproj",
        '<Project Sdk="Microsoft.NET.Sdk.Web"><A><PackageReference Include="xunit" /></A></Project>',
        {"ASP.NET Core", "xUnit"},
    ),
    ("pubspec.yaml", "name: a\ndependencies:\n  flutter:\n    sdk: flutter\ndev_dependencies:\n  x: 1\n", {"Flutter"}),
]


@pytest.mark.parametrize(("path", "text", "frameworks"), MANIFESTS)
def test_frameworks_are_read_from_manifests(path: str, text: str, frameworks: set[str]) -> None:
    reader = reader_for(path)
    assert reader is not None
    found = declared([(path, reader(text))])
    assert {row["name"] for row in found} == frameworks
    assert {row["evidence"] for row in found} == {path}


@pytest.mark.parametrize(
    "path", ["a.toml", "package-lock.json", "docs/requirements.md", "gomod", "csproj", "setup.pyc"]
)
def test_other_files_are_no_manifests(path: str) -> None:
    assert reader_for(path) is None


def test_entry_points_and_versions_are_read() -> None:
    def read(path: str, text: str) -> tuple[list[tuple[str, str, str]], str]:
        reader = reader_for(path)
        assert reader is not None
        manifest = reader(text)
        return [(p.kind, p.name, p.target) for p in manifest.entry_points], manifest.requires_python

    assert read(
        "setup.cfg", "[options]\npython_requires = >=3.8\n[options.entry_points]\nconsole_scripts =\n  a = b:c\n"
    ) == (
        [("console script", "a", "b:c")],
        ">=3.8",
    )
    setup = "setup(python_requires='>=3.9', entry_points={'console_scripts': ['a=b:c', 'd']})"
    assert read("setup.py", setup) == ([("console script", "a", "b:c")], ">=3.9")
    package = '{"name": "@a/tool", "bin": "cli.js", "main": "index.js", "scripts": {"start": "node ."}}'
    assert read("package.json", package)[0] == [
        ("program", "tool", "cli.js"),
        ("script", "start", "node ."),
        ("library", "@a/tool", "index.js"),
    ]
    assert read("Cargo.toml", '[[bin]]\nname = "a"\npath = "b.rs"\n')[0] == [("program", "a", "b.rs")]
    assert read("Procfile", "web: gunicorn app\n")[0] == [("process", "web", "gunicorn app")]
    assert read("Pipfile", '[requires]\npython_version = "3.11"\n')[1] == "==3.11.*"


@pytest.mark.parametrize(
    ("part", "path", "names"),
    [
        ("ci", ".github/workflows/a.yml", ["GitHub Actions"]),
        ("ci", ".github/workflows/a/b.yml", []),
        ("ci", ".gitlab-ci.yml", ["GitLab CI"]),
        ("ci", "deploy/Jenkinsfile", ["Jenkins"]),
        ("ci", ".circleci/config.yml", ["CircleCI"]),
        ("containers", "a/Dockerfile.dev", ["Dockerfile"]),
        ("containers", "Dockerfiles/readme.md", []),
        ("containers", "docker-compose.prod.yml", ["Compose"]),
        ("containers", "chart/Chart.yaml", ["Helm"]),
        ("packaging", "web/pnpm-lock.yaml", ["pnpm"]),
        ("packaging", "requirements/dev.txt", ["pip"]),
        ("packaging", "sub/Makefile", []),
        ("packaging", "Cargo.lock", ["Cargo"]),
    ],
)
def test_places_tell_what_a_file_is(part: str, path: str, names: list[str]) -> None:
    assert places.named(part, path) == names


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/test_a.py", True),
        ("a/a_test.go", True),
        ("src/a.spec.ts", True),
        ("src/ATest.java", True),
        ("tests/helpers/a.py", True),
        ("src/contest.py", False),
        ("src/latest/a.py", False),
    ],
)
def test_tests_are_known_by_name_or_folder(path: str, is_test: bool) -> None:
    assert places.is_test(path, is_code=True) is is_test


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3", "AGPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1", "LGPL-2.1"),
        ("Mozilla Public License Version 2.0", "MPL-2.0"),
        ("Permission is hereby granted, free of charge, to any\nperson obtaining a copy", "MIT"),
        ("Permission to use, copy, modify, and/or distribute this software for any\npurpose", "ISC"),
        ("Redistributions of source code must retain the above copyright notice", "BSD-2-Clause"),
        ("Redistributions of source code must retain the above copyright\nnotice. Neither the name of", "BSD-3-Clause"),
        ("All rights reserved.", "unknown"),
    ],
)
def test_licences_are_recognised_by_their_sentences(text: str, name: str) -> None:
    assert licence_texts.recognise(text) == name


@pytest.mark.parametrize(
    ("path", "is_licence"),
    [
        ("LICENSE", True),
        ("licence.txt", True),
        ("COPYING", True),
        ("a/LICENSE.md", True),
        ("a/b/LICENSE", False),
        ("licenses.py", False),
    ],
)
def test_licences_lie_near_the_top(path: str, is_licence: bool) -> None:
    assert licence_texts.is_licence(path) is is_licence
