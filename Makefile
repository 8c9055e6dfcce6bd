# Everything a newcomer, a developer or a build machine runs. Needs Python 3.11 and make; the rest is installed here.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
MACHINE := $(BIN)/python -m config.machine

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# ---- environment -----------------------------------------------------------------------------------------------

.PHONY: env
env: .venv/ok ## build .venv from the hashed lock

.venv/ok: requirements-dev.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	    || { echo "Python 3.11 is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv \
	    || { echo "python -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@if $(BIN)/python -m pip install --quiet uv; then \
	    $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock; \
	else \
	    $(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock; \
	fi
	@touch $@

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --quiet

.PHONY: lock
lock: ## write requirements.lock and requirements-dev.lock from pyproject.toml (UPGRADE=1 takes newer releases)
	@test -x $(BIN)/uv || { "$(PYTHON)" -m venv .venv && $(BIN)/python -m pip install --quiet uv; }
	$(LOCK) $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(LOCK) $(if $(UPGRADE),--upgrade) -c requirements.lock --group dev -o requirements-dev.lock
	@! grep -nE '(https?|file)://' requirements.lock requirements-dev.lock \
	    || { echo "a lock names a registry address" >&2; exit 1; }
