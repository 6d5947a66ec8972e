# The commands to know. `make` alone prints them.
.DEFAULT_GOAL := help
.PHONY: help demo test check e2e gen campaign mutants bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the whole server with made-up people, on this machine, in memory
	cargo run -p keyward -- demo

test: ## everything, with real servers and a real browser; says what was skipped and why
	scripts/test.sh

check: ## the quick part: format, lints, the rules of the core, the rules of the house
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --locked -p keyward-core
	cargo test --locked -p keyward --test tidy

e2e: ## only the tests in a real browser
	scripts/e2e.sh

bench: ## every figure of docs/performance.md beside the limits of this machine, two hours of it in peace; ONLY=p24 for one
	cargo bench --locked -p keyward --bench figures -- $(ONLY)

campaign: ## the long forms of the tests of reliability (hours); what they measured is in docs/reliability.md
	scripts/campaign.sh

mutants: ## takes out one defense after another and runs the test that has to notice (an hour and more)
	scripts/mutants.py

gen: ## write again docs/config.md from the table of keys
	UPDATE=1 cargo test --locked -p keyward --lib eco_06
