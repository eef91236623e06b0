# Each command does its own set-up; Python 3.11 or newer and make are all it needs.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
JOBS ?= 4

venv := .venv
bin := $(venv)/bin
dist := src/habitue/web/static/dist
pip := $(bin)/python -m pip --disable-pip-version-check --quiet install --no-cache-dir
locked := --no-deps --require-hashes --only-binary :all: -r
# Several at once, in a fifth of the time; where it can't reach the packages (pip may know of another place), pip does it.
pinned = UV_HTTP_RETRIES=0 UV_NATIVE_TLS=1 UV_NO_PROGRESS=1 UV_CACHE_DIR=$(venv)/packages \
  $(bin)/uv pip install --quiet --python $(bin)/python $(locked) $(1) 2>/dev/null || $(pip) $(locked) $(1)

# Where the environment says that nothing compiled is kept, every start would compile the whole program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run test checks lint bench screenshots assets lock clean

help: ## show these commands
	@sed -n 's/^\([a-z]*\):.*## /make \1 - /p' Makefile

demo: $(venv)/.product $(dist)/THIRD_PARTY.txt ## make a shop of 20,000 customers and serve it
	$(bin)/habitue demo

run: $(venv)/.product $(dist)/THIRD_PARTY.txt ## serve your own workspace (HABITUE_DATA names it)
	$(bin)/habitue serve

test: ## the whole gate: lint, types, import rules, tests
	$(MAKE) --no-print-directory --jobs=2 lint checks

checks: $(venv)/.tests $(dist)/THIRD_PARTY.txt
	$(bin)/python -m pytest -n $(JOBS) --dist worksteal -q

lint: $(venv)/.tests ## style, types and import rules
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports --no-logo

bench: $(venv)/.tests $(dist)/THIRD_PARTY.txt ## measure; prints the figures that README quotes
	$(bin)/python -m benchmarks

screenshots: $(venv)/.tests $(dist)/THIRD_PARTY.txt ## take README's pictures from the running product
	$(bin)/python -m docs.screenshots

assets: $(dist)/THIRD_PARTY.txt ## bundle the browser's files

lock: $(venv)/.tests ## resolve the locked versions again, after a change of pyproject.toml or package.json
	echo uv | $(compile) - -o requirements-setup.lock
	$(compile) --group build -c requirements-setup.lock pyproject.toml -o requirements.lock
	$(compile) --group dev --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(bin)/python frontend/hook.py lock

compile = $(bin)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

clean: ## forget the set-up, keep the data
	rm -rf $(venv) frontend/node_modules $(dist)

$(bin)/python:
	@test -n "$(PYTHON)" || { echo "Habitué needs Python 3.11 or newer, and found none."; \
	  echo "Debian and Ubuntu: apt install python3-venv. macOS: brew install python. Elsewhere: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(venv) || { rm -rf $(venv); \
	  echo "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(bin)/uv: requirements-setup.lock | $(bin)/python
	$(pip) $(locked) requirements-setup.lock
	@touch $@

$(venv)/.run: requirements.lock | $(bin)/uv
	$(call pinned,requirements.lock)
	@touch $@

$(venv)/.product: pyproject.toml frontend/hook.py $(venv)/.run
	$(pip) --no-deps --no-build-isolation --editable .
	@$(bin)/python -c "from habitue.engine.sweep import ready; ready()"
	@touch $@

$(venv)/.tests: requirements-dev.lock $(venv)/.product
	$(call pinned,requirements-dev.lock)
	@touch $@

$(dist)/THIRD_PARTY.txt: $(wildcard frontend/*.json frontend/*.mjs frontend/src/*) frontend/hook.py $(venv)/.run
	$(bin)/python frontend/hook.py
