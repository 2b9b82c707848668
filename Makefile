# SPDX-License-Identifier: BSD-3-Clause
# The one door: make test, make bench, make peers, make lint. Everything is set up in .venv on the way.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find csrc strideops -type f -not -path '*/__pycache__/*') meson.build pyproject.toml

export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: test bench peers zoo numpy-copies lint preview clean

# The tests that compile the C core run beside the others.
test: $(VENV)/installed
	$(MAKE) --no-print-directory -j2 test-core test-python
	$(MAKE) --no-print-directory smoke
	$(MAKE) --no-print-directory lint

CORE_TESTS := tests/test_memory_safety.py tests/test_object_audit.py
.PHONY: test-core test-python
test-core: $(VENV)/installed
	pytest -q -p no:cacheprovider $(CORE_TESTS)

test-python: $(VENV)/installed
	pytest -q $(CORE_TESTS:%=--ignore %)

bench: $(VENV)/installed
	@python -m benchmarks.bench

# Is HEAD slower than BASE, or does it copy where BASE does not? make gate BASE=HEAD~1. make itself ends with 2 where
# something is worse; python -m benchmarks.gate BASE, with .venv/bin on the PATH, tells the four outcomes apart.
.PHONY: gate
gate: $(VENV)/installed
	@python -m benchmarks.gate $(or $(BASE),$(error make gate needs BASE=<rev>)) $(if $(HEAD),--head $(HEAD))

# How often is the gate wrong, on this machine? Hours; stop it when you like, the same command goes on:
# make calibrate CALIBRATE="--machine NAME". CALIBRATE="--report" writes the table and the picture anew.
.PHONY: calibrate
calibrate: $(VENV)/installed
	@python -m benchmarks.gate.calibrate $(CALIBRATE)

# Is strideops.advise right on this machine? Its break-even beside the measured one, for three quarters of an hour.
.PHONY: calibrate-advice
calibrate-advice: $(VENV)/installed
	@python -m benchmarks.advice $(ADVICE)

# Every environment of asv.conf.json, two NumPy versions for each Python: do they hold what results will claim?
.PHONY: matrix
matrix: $(VENV)/installed
	@python -m benchmarks.environments

# Results for the commits of this repository, for the pages of asv publish; HISTORY="--minutes 60" ends after an hour.
.PHONY: history machine merge
history: $(VENV)/installed
	@python -m benchmarks.fleet.history $(HISTORY)

# Caches and bandwidth of this machine, for the pages to filter by; MACHINE="--machine NAME" gives it a name.
machine: $(VENV)/installed
	@python -m benchmarks.fleet.machine $(MACHINE)

# Results of other machines, or of shards of this one: make merge FROM="DIR DIR".
merge: $(VENV)/installed
	@python -m benchmarks.fleet.merge $(or $(FROM),$(error make merge needs FROM="<dir> ..."))

# The whole grid takes most of an hour; make peers PEERS="--profile quick" a minute, PEERS="--help" says what there is.
peers: $(VENV)/installed $(VENV)/peers
	@python -m benchmarks.peers $(PEERS)

# What each layer of the proof sees of code that copies, and of code that does not: results/zoo.md.
zoo: $(VENV)/installed
	@cd tests && python -m zoo

# Which of NumPy's own calls copy a strided operand: results/numpy_copies.md. The sources go last on the path.
numpy-copies: $(VENV)/installed
	@python -P -c "import sys; sys.path.append('.'); from benchmarks import copies; copies.main()"

# asv finds and runs the suite: every benchmark is imported, one pattern is measured, nothing is kept.
.PHONY: smoke
smoke: $(VENV)/installed
	asv machine --yes > $(VENV)/smoke.log
	asv check -E existing:python
	asv run -E existing:python --dry-run --quick --show-stderr \
	    --bench "^ops.*, 'cut', 64, 'float64'" --bench "^passes\.Sum.*, 'cut', 64" --bench "^acquire" --bench "^copies.*, 'cut'" > $(VENV)/smoke.log || { cat $(VENV)/smoke.log; exit 1; }
	@! grep -iE "failed|error" $(VENV)/smoke.log

lint: $(VENV)/ready
	pre-commit run --all-files

preview: $(VENV)/ready
	asv preview

clean:
	rm -rf $(VENV) build .asv

# What a new machine may lack, each in one sentence.
define NEED_PYTHON
command -v $(PYTHON) > /dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "strideops needs Python 3.11 or newer, and $(PYTHON) is none: install it (Debian: apt-get install python3), or name another with make PYTHON=..."; exit 1; }
$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null || \
  { echo "$(PYTHON) has no venv module: install it (Debian: apt-get install python3-venv)."; exit 1; }
endef
define NEED_COMPILER
$(PYTHON) -c 'import os, shlex, shutil, sys; sys.exit(not shutil.which(shlex.split(os.environ.get("CC") or "cc")[0]))' || \
  { echo "There is no C compiler: install one (Debian: apt-get install gcc), or name it with CC=..."; exit 1; }
$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' || \
  { echo "Python.h of $(PYTHON) is missing: install Python's headers (Debian: apt-get install python3-dev)."; exit 1; }
endef

$(VENV)/ready: pyproject.toml
	@$(NEED_PYTHON)
	@$(NEED_COMPILER)
	@echo "Setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@pip install --quiet --upgrade "pip>=25.1"
	@pip install --quiet --group dev
	@touch $@

$(VENV)/peers: $(VENV)/ready
	@echo "Installing the peers"
	@pip install --quiet --group peers
	@touch $@

# A wheel, not an editable install: what the tests see is what a user gets, pxd and headers included.
$(VENV)/installed: $(VENV)/ready $(SOURCES)
	@$(NEED_COMPILER)
	@echo "Building strideops"
	@pip install --quiet --no-build-isolation --no-deps --force-reinstall -Cbuild-dir=build .
	@touch $@
