# make parity: the main job on the embedded stack.  make test: the whole suite.  Both need Python 3.11+, venv and make only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: parity test check packages clean

parity: $(STAMP)
	$(BIN)/pytest --parity dev --lab

test: $(STAMP) packages
	$(BIN)/pytest -m docker
	$(BIN)/pytest -m "not docker" --numprocesses auto --dist loadfile

# what CI checks beside the tests
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Debian packages that the system tests use; without root or apt those tests skip and say why
packages:
	@tests/install-packages

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) reports/*.html reports/*.json reports/*.jsonl
