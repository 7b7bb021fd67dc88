# The words that people, the README and CI share.
.PHONY: demo test lint bench deployed dist faults judges scale fuzz

# The binaries through two pushes, six releases and a simulated day, in a local AWS world. Writes target/demo/report.html.
demo: functions
	cargo run --locked --quiet -p tidegate-tests --bin demo

# Everything that is checked. The tests of the binaries run the binaries that are deployed. Then faults, the deployed stack and
# the fuzzer, each for a short while.
test: lint functions
	cargo test --locked --workspace
	$(MAKE) faults FAULTS=quick
	$(MAKE) deployed
	FUZZ_RUNS=200 tools/fuzz.sh

lint:
	cargo fmt --all --check
	rustfmt --edition 2024 --check fuzz/src/*.rs fuzz/fuzz_targets/*.rs
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --locked --no-deps --document-private-items -p tidegate-core
	tools/check-template.sh
	tools/check-deps.sh

# What one decision takes, and what the binaries cost, beside the same clients in Python.
bench: functions
	tools/install.sh bench
	cargo bench --locked --quiet -p tidegate-core
	cargo run --locked --quiet -p tidegate-tests --bin bench

# The scaler over 1,000, 5,000 and 10,000 services, as fast as ECS's bucket lets it: it takes five minutes.
scale:
	cargo build --locked --release -p cost-scaler
	cargo run --locked --quiet --config 'profile.dev.package.tidegate-tests.opt-level = 2' -p tidegate-tests --bin scale

# Every call of every function fails in every way, through a proxy between them and the local world; what must hold is
# checked, and the table written into docs/reliability.md. FAULTS=quick tries each operation with one fault, FAULTS=every all
# faults in every situation; other words choose the rows that have them.
FAULTS ?=
faults: functions
	tools/install.sh faults
	cargo run --locked --quiet -p tidegate-tests --bin faults -- $(FAULTS)

# The stack deployed with `sam` into an emulator of AWS, and driven from outside: all that an account shows, without one.
deployed: functions
	tools/deployed.sh

# A release under target/dist, which `sam deploy` deploys without Rust.
dist:
	tools/dist.sh

# How often the canary judge is wrong, beside other judges of the same simulated releases.
judges:
	cargo run --locked --quiet --config 'profile.dev.package.tidegate-tests.opt-level = 2' -p tidegate-tests --bin judges

# Whatever somebody else wrote: events, tags, variables, documents, traces and records, read as no test would write them. It
# ends when each has had so many seconds.
FUZZ_SECONDS ?= 30
fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz.sh

# One after the other, as they are deployed: built together, each would get the clients of all.
.PHONY: functions
functions:
	set -e; $(foreach function,$(notdir $(wildcard functions/*)),cargo build --locked --release -p $(function);)
