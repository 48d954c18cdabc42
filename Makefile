# Needs python3 (3.11 or newer), pip and make. Everything else is installed into .venv, once.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m
RUNTIME := .venv/.runtime-is-installed
DEV := .venv/.dev-is-installed
ORACLES := .venv/.oracles-are-installed
INSTALL := $(RUN) pip install --quiet --no-input --disable-pip-version-check
EACH_CPU := --numprocesses auto --dist worksteal
LOCKED := $(INSTALL) --require-hashes --only-binary :all:

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check fmt bench nightly picture lock clean

help:  ## this list
	@echo "wattledger: from meter readings to money"
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: $(RUNTIME)  ## a factory's month, from readings to a bill and a report
	$(BIN)/wattledger demo

test: $(DEV)  ## all tests
	$(RUN) pytest $(EACH_CPU)

check: $(DEV)  ## format, lint, types, rings, tests: before every commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(RUN) mypy
	$(BIN)/lint-imports
	$(RUN) pytest $(EACH_CPU)

fmt: $(DEV)  ## format, and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(DEV) $(ORACLES)  ## measure what the README promises
	$(RUN) benchmarks --all

nightly: $(DEV) $(ORACLES)  ## the long tests too
	$(RUN) pytest $(EACH_CPU) -m "nightly or not nightly"

CHROMIUM ?= chromium
picture: demo  ## the picture in the README, from the demo's report (needs Chromium)
	$(CHROMIUM) --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --window-size=1240,1500 \
		--virtual-time-budget=6000 --screenshot=docs/report.png "file://$(CURDIR)/demo/report.html"

# One version of each package for every Python and platform, so that all of them compute the same.
COMPILE := $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header
lock: $(DEV)  ## pin the newest allowed versions of all dependencies
	$(INSTALL) 'uv>=0.13.9,<0.14'
	$(COMPILE) --upgrade pyproject.toml --group dev --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/runtime.txt
	$(COMPILE) --constraint requirements/dev.txt --group build --output-file requirements/build.txt
	$(COMPILE) --constraint requirements/dev.txt --group edge --output-file requirements/edge.txt
	$(COMPILE) --constraint requirements/dev.txt --group oracles --output-file requirements/oracles.txt

clean:  ## remove what make made
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "wattledger needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one, for example: make PYTHON=python3.12"; exit 1; } >&2
	@echo "Setting up .venv; the first time takes a minute or two."
	$(PYTHON) -m venv --clear .venv

$(RUNTIME): $(BIN)/python pyproject.toml requirements/runtime.txt requirements/build.txt
	$(LOCKED) -r requirements/runtime.txt -r requirements/build.txt
	$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	$(LOCKED) -r requirements/dev.txt
	@touch $@

$(ORACLES): $(DEV) requirements/oracles.txt
	$(LOCKED) -r requirements/oracles.txt
	@touch $@
