# `make` or `make help` lists the targets. Needs make and Python 3.11, 3.12 or 3.13, nothing else.

PYTHON ?= python3
VENV ?= .venv
OUT ?= runs
PORT ?= 8765

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
INSTALL := $(PIP) install -c constraints.txt -e
PINS := pyproject.toml constraints.txt

# An explicit PYTHON=... is taken as it is; otherwise the first supported one wins.
ifeq ($(origin PYTHON),file)
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11
else
CANDIDATES := $(PYTHON)
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup run test coverage test-slow test-browser test-all check format notebooks bench robustness reliability \
	browser serve docs dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.stamp-dev ## make the environment in .venv, with everything for development

run: $(VENV)/.stamp-run ## a haircut is raised in a short and in a long market: tables and figures
	@mkdir -p $(OUT) && touch $(OUT)/.stamp
	@$(BIN)/walras run margin-hike --set market=short --out $(OUT)
	@$(BIN)/walras run margin-hike --set market=long --out $(OUT)
	@echo "Figures:"
	@find $(OUT) -newer $(OUT)/.stamp \( -name '*.png' -o -name '*.svg' \) | sort | sed 's/^/  /'

test: $(VENV)/.stamp-dev ## run the normal test suite, on all cores
	@$(BIN)/python -m pytest -q -n auto --dist worksteal

coverage: $(VENV)/.stamp-dev ## run the normal suite and tell which branches it does not reach
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(BIN)/python -m coverage run -m pytest -q -n auto --dist worksteal \
		--junitxml build/coverage/tests.xml
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python .ci/coverage

test-slow: $(VENV)/.stamp-dev ## run the slow tests only
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "slow and not browser"

test-browser: $(VENV)/.stamp-browser-test ## run the browser tests only
	@$(BIN)/python -m pytest -q -m browser

test-all: $(VENV)/.stamp-browser-test ## run every test, slow and browser too
	@HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -q -m ""

check: $(VENV)/.stamp-dev ## check format, lint, types and licences of what is installed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python .ci/licences.py

format: $(VENV)/.stamp-dev ## put the code into the format that check asks for
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

notebooks: $(VENV)/.stamp-dev ## execute the notebooks and keep what they show
	@PYTHONPATH=. $(BIN)/python tests/test_notebooks.py

bench: $(VENV)/.stamp-bench ## run the benchmarks
	@$(BIN)/python -m benchmarks

robustness: $(VENV)/.stamp-dev ## run random economies far from the papers (minutes)
	@$(BIN)/python -m benchmarks.robustness

reliability: $(VENV)/.stamp-browser-test coverage ## try to break walras, and write benchmarks/reliability.md
	@$(BIN)/python -m benchmarks.reliability

browser: $(VENV)/.stamp-browser ## add what the page in the browser needs

serve: $(VENV)/.stamp-browser ## serve the page on this machine (PORT=8765)
	@$(BIN)/walras serve margin-hike --port $(PORT)

docs: $(VENV)/.stamp-docs ## build the manual into build/manual; warnings are errors
	@$(BIN)/python -m sphinx -c docs -E -a -W --keep-going -q . build/manual
	@echo "the manual: build/manual/index.html"

dist: $(VENV)/.stamp-dist ## build wheel, sdist, bill of materials and requirements into dist/, and try them
	@.ci/dist $(BIN)/python

clean: ## remove environments, caches and builds; runs stay
	@rm -rf $(VENV) .venv-3.* .venv-audit build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each set of extras. They are remade when the pins change.

$(BIN)/python:
	@for candidate in $(CANDIDATES); do \
		if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
			2>/dev/null; then \
			echo "$(VENV): $$("$$candidate" --version), from $$candidate"; \
			"$$candidate" -m venv $(VENV) && exit 0; \
			rm -f $(BIN)/python; \
			echo "$$candidate cannot make environments: install its venv package" >&2; \
			exit 1; \
		fi; \
	done; \
	echo "walras needs Python 3.11, 3.12 or 3.13; tried: $(CANDIDATES)." >&2; \
	echo "Point to one: make PYTHON=/path/to/python3.12 ..." >&2; \
	exit 1

$(VENV)/.stamp-run: $(PINS) | $(BIN)/python
	@echo "installing walras"
	@$(INSTALL) .
	@touch $@

$(VENV)/.stamp-dev: $(PINS) | $(BIN)/python
	@echo "installing walras and the development tools"
	@$(INSTALL) ".[dev]"
	@touch $@ $(VENV)/.stamp-run

$(VENV)/.stamp-bench: $(VENV)/.stamp-dev
	@echo "installing what the benchmarks need (about 500 MB)"
	@$(INSTALL) ".[bench]"
	@touch $@

$(VENV)/.stamp-browser: $(PINS) | $(BIN)/python
	@echo "installing walras and what its page needs (about 400 MB)"
	@$(INSTALL) ".[browser]"
	@touch $@ $(VENV)/.stamp-run

$(VENV)/.stamp-docs: $(PINS) | $(BIN)/python
	@echo "installing walras and what the manual is built with"
	@$(INSTALL) ".[docs]"
	@touch $@ $(VENV)/.stamp-run

$(VENV)/.stamp-dist: $(PINS) | $(BIN)/python
	@echo "installing what builds a distribution"
	@$(INSTALL) ".[dist]"
	@touch $@ $(VENV)/.stamp-run

$(VENV)/.stamp-browser-test: $(VENV)/.stamp-dev
	@echo "installing what the browser tests need (about 500 MB)"
	@$(INSTALL) ".[browser-test]"
	@touch $@ $(VENV)/.stamp-browser
