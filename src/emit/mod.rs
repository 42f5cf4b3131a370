//! Floor 6: what to write into other programs, so that they do what lanward does, or hand it the questions.
//!
//! Each target is a file of its own with a [`Target`] in it, and stands in [`TARGETS`], the one list that the command line, its
//! help and the tests read. A target turns a [`Plan`] (or a [`Front`] in front of a media server, or the [`Doors`] that devices are
//! led to) into a [`Snippet`]: what to paste where, and where the target is weaker than lanward. How that looks as text or data is [`form`]'s business.
//!
//! Nothing here reads or writes a file.

mod doors;
pub mod form;
mod front;
mod mode;
mod pattern;
mod plan;
mod remark;
mod target;
#[cfg(test)]
mod tests;

// The targets.
mod adguard_home;
mod apache;
mod apple_profile;
mod asuswrt_merlin;
mod bind;
mod blocky;
mod caddy;
mod cloudflared;
mod coredns;
mod coredns_kubernetes;
mod dd_wrt;
mod dnr;
mod dnscrypt_proxy;
mod dnsdist;
mod dnsmasq;
mod docker_compose;
mod edgeos;
mod freshtomato;
mod fritzbox;
mod haproxy;
mod hosts;
mod knot_resolver_5;
mod knot_resolver_6;
mod macos;
mod mikrotik;
mod networkmanager;
mod nginx;
mod openwrt;
mod opnsense;
mod pfsense_forwarder;
mod pfsense_resolver;
mod pihole_v5;
mod pihole_v6;
mod powerdns_recursor;
mod powerdns_recursor_4;
mod systemd_resolved;
mod technitium;
mod traefik;
mod unbound;
mod unifi;
mod vyos;
mod windows_doh;
mod windows_nrpt;

// What some of them share.
mod fields;
mod lua;
mod pfsense;

pub use doors::{Doors, Root};
pub use form::{Comment, Part, Place, Snippet};
pub use front::{Front, Server};
pub use mode::Mode;
pub use plan::{Plan, Suffix};
pub use target::{Emitted, Job, Refusal, Runs, Target, target};

/// All targets, in the order in which they are shown.
pub const TARGETS: &[&Target] = &[
    &dnsmasq::TARGET,
    &unbound::TARGET,
    &pfsense_resolver::TARGET,
    &pfsense_forwarder::TARGET,
    &opnsense::TARGET,
    &openwrt::TARGET,
    &dd_wrt::TARGET,
    &asuswrt_merlin::TARGET,
    &freshtomato::TARGET,
    &edgeos::TARGET,
    &unifi::TARGET,
    &vyos::TARGET,
    &mikrotik::TARGET,
    &fritzbox::TARGET,
    &pihole_v5::TARGET,
    &pihole_v6::TARGET,
    &adguard_home::TARGET,
    &technitium::TARGET,
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
    &dnr::TARGET,
    &apple_profile::TARGET,
    &windows_doh::TARGET,
];
