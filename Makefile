# Two commands on a fresh machine: `make run` reviews this repository (`make run REPO=path` another), `make test` tests it.
# Everything is installed into ./.venv by hash; a second call finds its stamp file and is instant.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

REPO ?= .
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input
SOURCES := src tests benchmarks tools examples
# The package's own lines about itself: a change of these asks for a new installation, a change of code does not.
PACKAGE := pyproject.toml src/fairlead/__init__.py

.PHONY: help setup run test check bench bench-peers bench-steps bench-long bench-rest docs defects prove prove-full kills expressions lock clean

help:
	@echo 'make setup     install everything into $(VENV), by hash'
	@echo 'make run       review this repository; REPO=path for another, ARGS= for more options'
	@echo 'make test      the tests; ARGS= is handed to pytest (ARGS="-k journal")'
	@echo 'make check     format, lint, types, house rules'
	@echo 'make bench     measure all; results go to benchmarks/results'
	@echo 'make bench-steps  W1 to W8 for every engine; ARGS="--rounds 3", ARGS="--only W1 --engines fairlead dbos"'
	@echo 'make bench-long   100,000 steps, a fan-out of 10,000, 10,000 open runs adopted'
	@echo 'make docs      print the reference pages, and check that what the documents say is true'
	@echo 'make defects   plant each known defect and see that its test notices; ARGS="--part 1/4" a part, "--applies" whether they fit'
	@echo 'make prove     try what is promised, the fast lane; make prove-full: the full one; ARGS="--only chain --seed 7"'
	@echo 'make kills     kill the real program 500 times and resume; ARGS="--seed 7"'
	@echo 'make expressions  100,000 random expressions against a second implementation; ARGS="--count 5000 --seed 7"'
	@echo 'make lock      renew requirements/*.lock (needs uv)'
	@echo 'make clean     remove $(VENV) and caches'

# A .venv that was moved with the tree, or whose Python is gone, is made anew: scripts in it carry absolute paths.
ifneq ($(and $(wildcard $(BIN)/python),$(filter $(CURDIR),$(file < $(VENV)/.made))),$(CURDIR))
.PHONY: $(VENV)/.made
endif
$(VENV)/.made:
	@python="$$(tools/find-python)"; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV); \
	echo "$(CURDIR)" > $@

$(VENV)/.run: $(VENV)/.made requirements/core.lock $(PACKAGE)
	@$(PIP) --require-hashes -r requirements/core.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock requirements/conformance.lock tools/debian-packages
	@tools/debian-packages
	@$(PIP) --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-input --no-deps --no-build-isolation \
	    --no-binary :all: --require-hashes -r requirements/conformance.lock --dest $(VENV)/conformance \
	    || echo 'the conformance tests of CEL were not fetched: what reads them is skipped'
	@touch $@

setup: $(VENV)/.dev
	@:

run: $(VENV)/.run
	@$(BIN)/fairlead -C "$(REPO)" review --exit-zero $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(ARGS)

# All of it is said in one pass, whatever fails first.
check: $(VENV)/.dev
	@failed=0; \
	$(BIN)/ruff check $(SOURCES) || failed=1; \
	$(BIN)/ruff format --check $(SOURCES) || failed=1; \
	$(BIN)/python -m mypy || failed=1; \
	$(BIN)/python -m pytest -q tests/house || failed=1; \
	$(BIN)/python tools/long_files.py || failed=1; \
	exit $$failed

# All of it; ARGS go to bench-steps: "--rounds 3", "--gate", "--only W1 W2 --engines fairlead dbos".
bench: bench-steps bench-long bench-rest
	@:

bench-peers: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.peer_environments

bench-steps: bench-peers
	@$(BIN)/python -m benchmarks.steps $(ARGS)

bench-long: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.long_runs

bench-rest: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.corpora
	@$(BIN)/python -m benchmarks.review
	@$(BIN)/python -m benchmarks.expressions
	@$(BIN)/python -m benchmarks.agent_files
	@$(BIN)/python -m benchmarks.check
	@$(BIN)/python -m benchmarks.building

docs: $(VENV)/.dev
	@$(BIN)/python tools/reference.py
	@$(BIN)/python -m pytest -q tests/journeys/test_docs.py tests/house/test_promises.py tests/house/test_dependencies.py $(ARGS)

defects: $(VENV)/.dev
	@$(BIN)/python tests/defects/run.py $(ARGS)

prove: $(VENV)/.run
	@$(BIN)/fairlead prove $(ARGS)

prove-full: $(VENV)/.run
	@$(BIN)/fairlead prove --full $(ARGS)

expressions: $(VENV)/.dev
	@$(BIN)/python -m tests.core.expressions.compare $(ARGS)

kills: $(VENV)/.dev
	@$(BIN)/fairlead prove --full --only kills $(ARGS)

lock:
	@export UV_NO_CONFIG=1; \
	compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header "$$@"; }; \
	compile pyproject.toml requirements/build.in --output-file requirements/core.lock; \
	compile pyproject.toml --extra dev requirements/build.in --constraint requirements/core.lock --output-file requirements/dev.lock

clean:
	@rm -rf $(VENV) .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis
