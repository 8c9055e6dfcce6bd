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

# ---- run -------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: .venv/ok ## set everything up and run one programme year of a made-up city; prints each step
	@$(MACHINE) fresh > /dev/null
	@$(MACHINE) run --with sms,platform,worker -- bash -euc \
	    '$(BIN)/python manage.py migrate --verbosity 0; $(BIN)/python manage.py demo'

.PHONY: serve
serve: .venv/ok ## serve console and portal on the demo's data until Ctrl-C (PORT=8000)
	@$(MACHINE) serve -- bash -euc \
	    '$(BIN)/python manage.py migrate --check || { echo "There is no demo of this version yet: run make demo first." >&2; exit 1; }; \
	     $(BIN)/python manage.py demo --accounts'

.PHONY: worker
worker: .venv/ok ## one more Celery worker, in the foreground
	@$(MACHINE) run -- $(BIN)/python -m celery -A config worker --hostname extra@%h --loglevel INFO

.PHONY: stop
stop: .venv/ok ## end every process of demo and serve; their data stay
	@$(MACHINE) down

.PHONY: screenshots
screenshots: .venv/ok browser ## take the pictures in docs/ of the demo's pages and write docs/screens.md (ONLY=pattern)
	@$(MACHINE) run --with sms,platform,worker,web -- $(BIN)/python -m samples.screenshots '$(ONLY)'

# ---- test ------------------------------------------------------------------------------------------------------

PROCESSES ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: test
test: .venv/ok browser check ## every check and every test (PROCESSES=n that share them, each with its own servers)
	@status=0; \
	$(BIN)/python -m pytest tests --ignore=tests/browser -n $(PROCESSES) --dist loadfile || status=$$?; \
	$(BIN)/python -m pytest tests/browser || status=$$?; \
	exit $$status

.PHONY: check
check: .venv/ok ## what needs no server: style, types, import contracts, templates
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	@said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --check --target-version 5.2

.PHONY: format
format: .venv/ok ## write style as `make check` wants it
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .
	@find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2 || true

.PHONY: soak
soak: .venv/ok ## the same tests with ROUNDS times the numbers (ONLY=words as pytest -k takes them, SEED=n to repeat)
	@ROUNDS=$(or $(ROUNDS),10) SEED=$(SEED) $(BIN)/python -m pytest tests --ignore=tests/browser --timeout=3600 $(if $(ONLY),-k "$(ONLY)")

.PHONY: mutants
mutants: .venv/ok ## change every value and comparison of the law, one at a time; list what no golden case notices (ONLY=words)
	@$(BIN)/python -m tests.policy.mutants $(ONLY)

BENCHES := rules contributions enterprises xlsx reading export screening lists publicity messages loads

.PHONY: bench
bench: .venv/ok ## measure loads, screening, lists, exports, the rules beside their baselines (ONLY=name for one, SIZE=rows)
	@for part in $(or $(ONLY),$(BENCHES)); do \
	    echo "== $$part"; $(MACHINE) run --throwaway -- $(BIN)/python -m bench $$part; \
	done

# A browser and a Chinese font for tests/browser. CHROMIUM=/path names a browser of your own.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
export CHROMIUM

.PHONY: browser
browser:
	@missing=""; \
	test -x "$(CHROMIUM)" || missing="chromium"; \
	{ command -v fc-list > /dev/null && fc-list :lang=zh family | grep -q .; } || missing="$$missing fontconfig fonts-wqy-microhei"; \
	test -n "$$missing" || exit 0; \
	command -v apt-get > /dev/null || { echo "Please install for the page tests:$$missing (or set CHROMIUM)" >&2; exit 1; }; \
	echo "installing $$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	{ $(SUDO) apt-get -qq -o DPkg::Lock::Timeout=300 update \
	  && $(SUDO) apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $$missing > /dev/null; } \
	|| { echo "apt-get could not install $$missing: install it by hand, or set CHROMIUM" >&2; exit 1; }
