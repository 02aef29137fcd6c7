"""Planted workflows and pipelines; see `marks`."""

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIN = "@sha256:" + "0123456789abcdef" * 4

GITHUB = {
    ".github/workflows/actions.yml": f"""\
on: push
permissions: {{contents: read}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: «ci-unpinned-action=info:actions/checkout@v4»
      - uses: «ci-unpinned-action:acme/deploy@v2»
      - uses: «ci-unpinned-action:"acme/deploy@main"»
      - uses: acme/deploy@{COMMIT}  # v2.1.0
      - uses: ./.github/actions/own
      - uses: «image-latest:docker://alpine:latest»
      - uses: docker://alpine{PIN}
      - {{uses: «ci-unpinned-action:acme/tools/sub/folder@v1», name: "größer"}}
  called:
    uses: «ci-unpinned-action:acme/ci/.github/workflows/build.yml@main»
  local:
    uses: ./.github/workflows/own.yml
""",
    ".github/workflows/target.yml": f"""\
on:
  pull_request_target:
    types: [opened]
permissions: {{contents: read}}
jobs:
  bad:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{COMMIT}
        with:
          ref: «ci-untrusted-checkout=critical:${{{{ github.event.pull_request.head.sha }}}}»
      - run: make test
  guarded:
    if: github.event.label.name == 'safe'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{COMMIT}
        with: {{ref: «ci-untrusted-checkout=high:"${{{{ github.head_ref }}}}"»}}
      - run: make test
  reading:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{COMMIT}
        with:
          ref: «ci-untrusted-checkout=high:refs/pull/1/merge»
  right:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{COMMIT}
      - run: make label
""",
    ".github/workflows/pull.yml": f"""\
on: [pull_request]
permissions: {{}}
jobs:
  right:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{COMMIT}
        with:
          ref: ${{{{ github.event.pull_request.head.sha }}}}
      - run: echo "«ci-script-injection=medium:${{{{ github.head_ref }}}}»"
  own:
    runs-on: [«ci-self-hosted-runner:self-hosted», linux]
    steps:
      - run: make
""",
    ".github/workflows/injection.yml": """\
on: [issues, pull_request_target]
permissions: {contents: read}
jobs:
  bad:
    runs-on: ubuntu-latest
    steps:
      - run: echo "«ci-script-injection:${{ github.event.issue.title }}»"
      - run: |
          set -e
          # größer
          echo '«ci-script-injection:${{github.event.comment.body}}»'
          echo «ci-script-injection:${{ github.head_ref || github.ref }}»
      - run: >-
          echo
          «ci-script-injection:${{ toJSON(github.event.pull_request.body) }}»
      - uses: actions/github-script@0123456789abcdef0123456789abcdef01234567
        with:
          script: |
            console.log("«ci-script-injection:${{ github.event.commits[0].message }}»")
  right:
    runs-on: ubuntu-latest
    steps:
      - env:
          TITLE: ${{ github.event.issue.title }}
        run: echo "$TITLE"
      - if: contains(github.event.issue.title, 'x')
        run: echo ${{ contains(github.event.issue.title, 'x') }} ${{ github.head_ref == 'main' }}
      - run: echo ${{ github.event.issue.number }} ${{ github.sha }} ${{ github.event.pull_request.head.sha }}
""",
    ".github/workflows/permissions.yml": """\
on: push
env:
  ACTIONS_ALLOW_UNSECURE_COMMANDS: «ci-unsecure-commands:true»
«ci-permissions-missing:jobs»:
  one:
    permissions: «ci-permissions-all:write-all»
    runs-on: ubuntu-latest
    steps: []
  two:
    runs-on: ubuntu-latest
    env:
      ACTIONS_ALLOW_UNSECURE_COMMANDS: "false"
    steps: []
""",
    ".github/workflows/each-job.yml": """\
on: push
jobs:
  one:
    permissions: {contents: read}
    runs-on: self-hosted
    steps: []
""",
    ".github/workflows/secrets.yml": """\
on: push
permissions: {contents: read}
env:
  API_TOKEN: «ci-credential:<SECRET>»
  DB_PASSWORD: "«ci-credential:<PHRASE>»"
  OTHER_TOKEN: ${{ secrets.OTHER_TOKEN }}
  PASSWORD_FILE: /run/secrets/db
jobs:
  one:
    runs-on: ubuntu-latest
    services:
      db:
        image: «image-without-digest:postgres:16»
        env:
          POSTGRES_PASSWORD: postgres
    container:
      image: «image-latest:node»
    steps:
      - run: echo «ci-secret-printed:${{ secrets.TOKEN }}»
      - run: echo ${{ secrets.TOKEN }} | docker login --password-stdin
      - run: echo "${{ secrets.KEY }}" > key.pem
      - env:
          ALL: «ci-all-secrets:${{ toJSON(secrets) }}»
          TOKEN: ${{ secrets.TOKEN }}
        run: make
""",
    ".github/workflows/artifact.yml": f"""\
on:
  workflow_run:
    workflows: [build]
permissions: {{contents: read}}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: «ci-untrusted-artifact:actions/download-artifact@{COMMIT}»
""",
    ".github/workflows/shell.yml": """\
on: push
permissions: {contents: read}
env:
  NODE_TLS_REJECT_UNAUTHORIZED: «command-tls-off:"0"»
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - run: |
          «pipe-to-shell:curl -fsSL https://get.acme.io \\
            | sh» -s -- --yes
          curl «command-tls-off:-k» https://acme.io
          ssh -o «command-host-key-unchecked:StrictHostKeyChecking=no» deploy@acme.io
      - {name: "curl https://get.acme.io | sh", run: "«pipe-to-shell:wget -qO- https://get.acme.io | bash»"}
      - run: docker run «privileged-container:--privileged» tool
""",
    "deploy/action.yml": """\
name: deploy
runs:
  using: composite
  steps:
    - uses: «ci-unpinned-action:acme/deploy@v1»
    - run: echo «ci-script-injection:${{ github.event.issue.title }}»
      shell: bash
""",
    "tool/action.yaml": f"""\
runs:
  using: docker
  image: «image-without-digest:docker://acme/tool:1.2»
---
runs: {{using: docker, image: Dockerfile}}
---
runs: {{using: docker, image: docker://acme/tool{PIN}}}
""",
}

GITLAB = {
    ".gitlab-ci.yml": f"""\
image: «image-latest:ruby:latest»
include:
  - remote: «ci-remote-include:https://acme.io/ci.yml»
  - «ci-remote-include=high:http://acme.io/ci.yml»
  - local: /ci/own.yml
  - remote: https://acme.io/ci.yml
    integrity: sha256-abc
variables:
  CI_DEBUG_TRACE: «ci-debug-trace:"true"»
  DB_PASSWORD: «ci-credential:<PHRASE>»
  GIT_SSL_NO_VERIFY: «command-tls-off:"1"»
  DOCKER_HOST: «ci-docker-without-tls:tcp://docker:2375»
  POSTGRES_PASSWORD: postgres
before_script:
  - «pipe-to-shell:curl -fsSL https://get.acme.io | bash»
.hidden: &hidden
  - curl «command-tls-off:--insecure» https://acme.io
build:
  image:
    name: «image-without-digest:node:22»
    entrypoint: [""]
  services: [«image-latest:docker», postgres{PIN}]
  variables:
    API_TOKEN: {{value: "«ci-credential:<SECRET>»", description: "A token"}}
    CI_DEBUG_TRACE: "false"
    DOCKER_HOST: tcp://docker:2376
  script:
    - *hidden
    - make build
    - |
      eval "build «ci-script-injection:$CI_COMMIT_TITLE»"
      echo "$CI_COMMIT_TITLE"
    - !reference [.setup, script]
""",
    "ci/own.gitlab-ci.yml": f"""\
image: ruby{PIN}
build:
  script: make
""",
}

OTHERS = {
    ".circleci/config.yml": """\
version: 2.1
jobs:
  build:
    steps:
      - run: «pipe-to-shell:curl https://get.acme.io | sh»
      - run:
          name: safe
          command: make
""",
    ".travis.yml": "install: «pipe-to-shell=high:wget -O - http://get.acme.io | sudo bash»\nscript: make\n",
    "Jenkinsfile": """\
pipeline {
  stages { stage('a') { steps { sh '«pipe-to-shell:curl https://get.acme.io | sh»' } } }
  // sh 'make'
}
""",
}
