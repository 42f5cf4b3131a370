//! Floor 6: what to write into other programs, so that they do what lanward does, or hand it the questions.
//!
//! Each target is a file of its own with a [`Target`] in it, and stands in [`TARGETS`], the one list that the command line, its
//! help and the tests read. A target turns a [`Plan`] (or, in front of a media server, a [`Front`]) into a [`Snippet`]: what to
//! paste where, and where the target is weaker than lanward. How that looks as text or data is [`form`]'s business.
//!
//! Nothing here reads or writes a file.

pub mod form;
mod front;
mod mode;
mod plan;
mod remark;
mod target;

// The targets.
mod apache;
mod bind;
mod blocky;
mod caddy;
mod cloudflared;
mod coredns;
mod coredns_kubernetes;
mod dnscrypt_proxy;
mod dnsdist;
mod dnsmasq;
mod docker_compose;
mod haproxy;
mod hosts;
mod knot_resolver_5;
mod knot_resolver_6;
mod macos;
mod networkmanager;
mod nginx;
mod pihole_v5;
mod pihole_v6;
mod powerdns_recursor;
mod powerdns_recursor_4;
mod systemd_resolved;
mod traefik;
mod unbound;
mod windows_nrpt;

// What some of them share.
mod lua;

pub use form::{Comment, Part, Place, Snippet};
pub use front::{Front, Server};
pub use mode::Mode;
pub use plan::{Plan, Suffix};
pub use target::{Emitted, Job, Refusal, Runs, Target, target};

/// All targets, in the order in which they are shown.
pub const TARGETS: &[&Target] = &[
    &dnsmasq::TARGET,
    &unbound::TARGET,
    &pihole_v5::TARGET,
    &pihole_v6::TARGET,
    &blocky::TARGET,
    &coredns::TARGET,
    &coredns_kubernetes::TARGET,
    &knot_resolver_5::TARGET,
    &knot_resolver_6::TARGET,
    &powerdns_recursor::TARGET,
    &powerdns_recursor_4::TARGET,
    &bind::TARGET,
    &dnsdist::TARGET,
    &dnscrypt_proxy::TARGET,
    &systemd_resolved::TARGET,
    &networkmanager::TARGET,
    &macos::TARGET,
    &windows_nrpt::TARGET,
    &docker_compose::TARGET,
    &hosts::TARGET,
    &caddy::TARGET,
    &nginx::TARGET,
    &traefik::TARGET,
    &haproxy::TARGET,
    &apache::TARGET,
    &cloudflared::TARGET,
];
