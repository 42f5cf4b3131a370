//! What `lanward emit` prints, in the real programs: each is started with it between a hostile Internet and a lanward.
//!
//! `world` is that Internet, and the table of what it tries; a file for each program holds the least configuration around the
//! snippet, and what the program lets through with it, exactly: what a snippet claims to block, and where it says to be weaker.
//! `proxies` is about what stands in front of a media server, `command` about the command itself, `matrix` about all programs side
//! by side; `snapshots` keeps every text, `routers` and `others` read what no program of Debian reads as those programs do.
//!
//! What only a newer Debian has is a test where `newer_debian` is set, in `scripts/test-peers`.

mod apple_profile;
mod bind;
mod command;
mod dnr;
#[cfg_attr(
    not(newer_debian),
    expect(dead_code, reason = "scripts/test-peers runs it")
)]
mod dnscrypt_proxy;
mod dnsdist;
mod dnsmasq;
mod knot_resolver;
mod matrix;
mod others;
mod powerdns_recursor;
mod proxies;
mod routers;
mod snapshots;
#[cfg_attr(
    not(newer_debian),
    expect(dead_code, reason = "scripts/test-peers runs it")
)]
mod systemd_resolved;
mod unbound;
mod world;
