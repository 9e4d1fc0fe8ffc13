# The two commands: `make run` opens the app, `make test` passes the checks. Each sets up .venv by itself.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test release-check clean

run: .venv/run-ready
	$(BIN)/nodeflow open

test: .venv/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations=10

# What a release needs beside: every node translated and with a lesson, the catalogue's snapshot renewed.
release-check: test
	$(BIN)/python -m pytest -m release

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "nodeflow needs Python 3.11, 3.12 or 3.13: name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run-ready: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

.venv/test-ready: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ .venv/run-ready

clean:
	rm -rf .venv build dist
