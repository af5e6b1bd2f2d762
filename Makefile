# What people type. Everything lives in .venv and var/; nothing is installed outside this folder.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help install demo test check bench independent hard
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Good Turn needs Python 3.11 or newer; $$($(PYTHON) --version) was found." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is missing: install it (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip --disable-pip-version-check install --quiet --editable '.[dev]' >&2
	@touch $(STAMP)

install: $(STAMP) ## the environment only, into .venv

demo: $(STAMP) ## the tool and a practice LMS on this machine; prints one address
	@exec $(BIN)/lti-tool demo

test: $(STAMP) ## every test
	@exec $(BIN)/python -m pytest -n 2 -m 'not hard'

check: $(STAMP) ## format, lint, types, structure
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/house

bench: $(STAMP) ## the comparisons that the docs claim
	@exec $(BIN)/python -m benchmarks

guides: $(STAMP) ## take the guides' screenshots anew, from the practice LMS
	@GOOD_TURN_SCREENSHOTS=docs/screens $(BIN)/python -m pytest tests/browser/test_admin_walk.py -k wide

independent: ## the platform of Open edX as a peer, in var/independent
	@exec tests/independent/install.sh

hard: $(STAMP) independent ## the long batteries
	@exec $(BIN)/python -m pytest -n 2 -m hard --timeout 3000
