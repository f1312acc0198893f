# `make run` and `make test` are all a newcomer needs; each sets up what it uses.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test check bench distributed demo clean

run: .venv/.run
	$(BIN)/yousu serve

distributed: .venv/.dev
	$(BIN)/yousu distributed

demo: .venv/.run
	$(BIN)/yousu demo

test: .venv/.dev
	$(BIN)/pytest

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev
	$(BIN)/python -m benchmarks

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	$(BIN)/yousu route fetch-model --if-possible
	touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[dev]'
	$(BIN)/yousu route fetch-model --if-possible
	touch $@ .venv/.run

clean:
	rm -rf .venv var build *.egg-info
