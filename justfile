# What one does here, in recipes one can read aloud.

# Compare the built-in nine hosts.
compare *args:
    cargo run --release -- compare {{args}}

# Run every test.
test:
    cargo test --workspace

# Format, lints, tests and docs: what CI asks, but shorter.
check: format-check lint test docs imports

format:
    cargo fmt --all

format-check:
    cargo fmt --all --check

lint:
    cargo clippy --workspace --all-targets -- -D warnings

docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Who may import whom.
imports:
    .ci/imports

# The laws on ten thousand random clusters, other ones every time.
laws seed=`date +%s`:
    PROPTEST_RNG_SEED={{seed}} PROPTEST_CASES=10000 cargo test --release -p fairground-sim --test laws

# Readers on damaged files: half an hour for a million on one core; FAIRGROUND_FUZZ_FIRST begins elsewhere.
fuzz inputs="1000000" bomb="160":
    FAIRGROUND_FUZZ_INPUTS={{inputs}} FAIRGROUND_FUZZ_BOMB={{bomb}} cargo test -p fairground-readers --test fuzz -- --nocapture

# Rewrite snapshots, golden digests and generated docs; read the difference afterwards.
bless:
    UPDATE_EXPECT=1 cargo test --workspace

# Do the committed results still follow from their recipes? Those of public traces need shared/traces beside the project.
verify:
    cargo build --release --bin fairground
    for one in results/*/recipe.toml results/traces/*/recipe.toml; do \
        target/release/fairground verify "$(dirname "$one")" || exit; \
    done

# Write the committed results anew, every one of them.
results:
    cargo build --release --bin fairground
    for one in results/*/recipe.toml results/traces/*/recipe.toml; do \
        target/release/fairground compare "$one" --out "$(dirname "$one")" || exit; \
    done

# Every part by itself, with spread.
bench:
    cargo bench --workspace

# The whole against its aims; some minutes on a quiet machine.
speed:
    cargo run --release -- bench --csv results/speed/table.csv

# Other simulators in turn with this one on the same files.
peers *args="--csv results/speed/peers.csv":
    sim/peers/run {{args}}

# What fixed runs take of the processor, against the stored numbers; `just gauge update` stores new ones.
gauge *args:
    .ci/gauge {{args}}

# Traces larger than memory: commands and a simulation under a limit.
bounded:
    .ci/bounded

# More of what CI does, and optimised: an hour.
long:
    .ci/long

# Licences, sources and duplicates of all dependencies (needs cargo-deny).
licences:
    cargo deny check licenses bans sources
