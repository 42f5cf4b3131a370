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
mod pattern;
mod plan;
mod remark;
mod target;

// The targets.
mod adguard_home;
mod blocky;
mod coredns;
mod coredns_kubernetes;
mod dnsmasq;
mod docker_compose;
mod hosts;
mod macos;
mod pihole_v5;
mod pihole_v6;
mod technitium;
mod unbound;
mod windows_nrpt;

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
    &adguard_home::TARGET,
    &technitium::TARGET,
    &blocky::TARGET,
    &coredns::TARGET,
    &coredns_kubernetes::TARGET,
    &macos::TARGET,
    &windows_nrpt::TARGET,
    &docker_compose::TARGET,
    &hosts::TARGET,
];
