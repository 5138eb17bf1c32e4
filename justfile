# `just` lists the recipes.
_default:
    @just --list

# Look at cryptography's newest release.
run *arguments="check-now cryptography":
    cargo run --release -- {{arguments}}

# All tests.
test:
    cargo test

# Format and lint, warnings are errors.
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# Licences, sources and banned crates.
deny:
    .ci/deny

# Everything that must pass.
ci:
    .ci/run

# Refresh the facts about OpenSSL from a folder with its records.
distill folder:
    cargo run --example distill_facts -- {{folder}}

# Benchmarks; REWHEEL_WHEELS names a folder of wheels.
bench:
    cargo bench
