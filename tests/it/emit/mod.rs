//! What `lanward emit` prints, in the real programs: each is started with it between a hostile Internet and a lanward.
//!
//! `world` is that Internet, and the table of what it tries; a file for each program holds the least configuration around the
//! snippet, and what the program lets through with it, exactly: what a snippet claims to block, and where it says to be weaker.
//! `command` is about the command itself, `matrix` about all programs side by side.

mod bind;
mod command;
mod dnscrypt_proxy;
mod dnsdist;
mod dnsmasq;
mod knot_resolver;
mod matrix;
mod others;
mod own;
mod powerdns_recursor;
mod proxies;
mod routers;
mod snapshots;
mod systemd_resolved;
mod unbound;
mod world;
