//! What `lanward --version` says: what belongs into a report of a fault.

use std::sync::LazyLock;

/// Version and commit.
pub(super) const SHORT: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("LANWARD_COMMIT"), ")");

/// What is in a binary. The first five are in each; then comes how it meets its system.
const FEATURES: [(&str, bool); 8] = [
    ("dot", true),
    ("doh", true),
    ("doh3", true),
    ("doq", true),
    ("dnssec", true),
    // recvmmsg(2) and sendmmsg(2)
    ("batches", cfg!(target_os = "linux")),
    // networks and links of interfaces
    ("interfaces", cfg!(unix)),
    // needs no library of the system
    ("static", cfg!(target_feature = "crt-static")),
];

static LONG: LazyLock<String> = LazyLock::new(|| {
    let mut said = format!("{SHORT}\ntarget: {}\nfeatures:", env!("LANWARD_TARGET"));
    for (feature, _) in FEATURES.iter().filter(|(_, has)| *has) {
        said.push(' ');
        said.push_str(feature);
    }
    said
});

/// Version, commit, target and features, each on a line.
pub(super) fn long() -> &'static str {
    &LONG
}
