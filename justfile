# Shorter ways; `scripts/test` is what counts.

# List the recipes
default:
    @just --list

# Everything that must hold before a change lands
test:
    scripts/test

# Unit tests alone, the quick ones
unit:
    cargo test --locked --lib

# Put the code into its form
fmt:
    cargo fmt

# Lints, as errors
lint:
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --test container -- -D warnings

# Documentation, private items too
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Licences, known faults, versions, sources (needs cargo-deny and the network)
deny:
    cargo deny check

# The oldest Rust that must build it
msrv:
    cargo +1.88 check --locked --all-targets

# Function benches
bench *ARGS:
    cargo bench --locked -- {{ARGS}}

# Run it
serve *ARGS:
    cargo run --locked --release -- serve {{ARGS}}

# The example configuration and the example zones (needs bind9-utils)
examples:
    cargo run --locked --release -- check --config etc/lanward.toml
    named-checkzone -i local home.arpa zones/home.arpa.zone
    named-checkzone -i local 1.168.192.in-addr.arpa zones/1.168.192.in-addr.arpa.zone
    named-checkzone -i local example.com zones/example.com.overlay.zone
