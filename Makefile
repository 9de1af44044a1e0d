# `make` alone lists what there is. Everything is installed into .venv, nothing outside the checkout
# but Debian's Chromium for the tests of the pages, where it may be installed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARCHIVE := .demo
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# with bytecode kept, as on every machine that is not told otherwise: the tests start many programs
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install dev packages release docs language browser demo check coverage test baseline processors bench faults fuzz attack guided screenshots lint format accuracy numbers samples constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## analyse sample_data and say which page to open
	$(BIN)/retrorun process sample_data --profile sample_data/profile.toml --archive $(DEMO_ARCHIVE) --reports reports

check: lint ## formatting, lint, types and the quick tests: before each commit
	$(BIN)/pytest -n auto -q -m "not cluster and not browser and not faults and not commands and not slow"

coverage: dev ## branches that tests reach without cluster, browser and faults; fails below the floor in pyproject.toml
	$(BIN)/pytest -n auto -q -m "not cluster and not browser and not faults" --cov --cov-report=term

test: dev browser ## the whole test suite
	$(BIN)/pytest -n auto

# what computes, and what is made of it
COMPUTING := tests/test_arithmetic.py tests/test_pipeline.py tests/test_contract.py tests/test_learn.py \
  tests/simulate tests/prepare tests/detect tests/measure tests/compare tests/results
baseline: dev ## the tests of what computes, on the oldest processor that numpy supports
	NPY_DISABLE_CPU_FEATURES="$$($(BIN)/python benchmarks/processor_features.py)" $(BIN)/pytest -n auto $(COMPUTING)

lint: dev ## formatting, lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: dev ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/installed ## environment with retrorun in it

dev: $(VENV)/dev ## environment with the development tools too

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "retrorun needs Python 3.11 or later: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/installed

browser: ## Debian's Chromium without a window, if it is missing and may be installed here
	@command -v chromium-headless-shell >/dev/null || { \
	  command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  for name in chromium-headless-shell chromium; do \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$name >/dev/null 2>&1 && break; \
	  done; } || command -v chromium >/dev/null || \
	  echo "Chromium is not here and cannot be installed: the tests of the pages will say so."

accuracy: dev ## how well backward running is found and measured: writes docs/accuracy.md, fails below its aims
	$(BIN)/python benchmarks/accuracy.py

numbers: dev ## whether distances, times and the like agree with the files' own and other tools': writes docs/numbers.md
	$(BIN)/python benchmarks/compare_numbers.py

FILES ?= 1000
bench: dev ## how fast it is beside others: writes docs/benchmark.md (FILES=1000 one-hour files, an archive of 10 times as many)
	$(BIN)/python benchmarks/bench_speed.py --files $(FILES) --folder .bench

processors: dev ## whether anything that is written depends on the processor (INPUTS="folder …")
	$(BIN)/python benchmarks/processors.py $(if $(INPUTS),--inputs $(INPUTS))

N ?= 200
faults: dev ## kill imports at N=200 random moments, and the other faults
	RETRORUN_KILLS=$(N) $(BIN)/pytest tests/faults

DOORS ?= 200
attack: dev ## flip N=200 bits in each part of an archive; look for DOORS=200 doors behind privacy zones
	$(BIN)/python benchmarks/attack_archive.py --flips $(N)
	$(BIN)/python benchmarks/attack_privacy.py --doors $(DOORS)

fuzz: N := $(if $(filter command,$(origin N)),$(N),100000)
fuzz: dev ## N=100000 mutated files through the readers; each breach is kept in fuzz-finds
	$(BIN)/python benchmarks/fuzz.py --count $(N) --keep fuzz-finds

guided: dev ## SECONDS=600 of coverage-guided fuzzing, where atheris installs
	@$(BIN)/pip install --quiet atheris || echo "atheris does not install here: the next command says so"
	$(BIN)/python benchmarks/fuzz_guided.py --seconds $(or $(SECONDS),600) --keep fuzz-finds

screenshots: dev demo ## the pictures of the README (the demo's pages) and of docs/pages.md (sessions of every sort)
	$(BIN)/python benchmarks/screenshots.py reports $(DEMO_ARCHIVE)
	$(BIN)/python benchmarks/page_pictures.py

packages: dev ## build the wheel and the source distribution, and try both in empty environments
	$(BIN)/python benchmarks/packages.py try

release: dev ## VERSION=1.2.3: its section in CHANGELOG.md, and both packages in dist, checked and tried
	@test -n "$(VERSION)" || { echo "say which version: make release VERSION=1.2.3"; exit 1; }
	$(BIN)/python benchmarks/release.py $(VERSION)
	$(BIN)/python benchmarks/packages.py try

docs: dev ## the documentation as a site that needs no network, in site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

language: dev ## bring the catalogues of other languages up to the English words (LANGUAGE=fr begins one)
	$(BIN)/python docs/generate/catalogues.py $(if $(filter command,$(origin LANGUAGE)),$(LANGUAGE))

samples: install ## write sample_data anew (it is the simulator's output)
	$(BIN)/retrorun simulate sample_data

constraints: dev ## pin what is installed now
	$(BIN)/pip install --quiet --upgrade --upgrade-strategy eager --editable '.[dev]'
	$(BIN)/pip freeze --exclude-editable | grep -v ' @ ' > constraints.txt

clean: ## remove the environment, the demo's archive and its pages
	rm -rf $(VENV) $(DEMO_ARCHIVE) dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find reports -mindepth 1 ! -name README.md -delete
