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
mod target;

// The targets.
mod bind;
mod dnscrypt_proxy;
mod dnsdist;
mod dnsmasq;
mod knot_resolver_5;
mod knot_resolver_6;
mod networkmanager;
mod powerdns_recursor;
mod powerdns_recursor_4;
mod systemd_resolved;
mod unbound;

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
    &knot_resolver_5::TARGET,
    &knot_resolver_6::TARGET,
    &powerdns_recursor::TARGET,
    &powerdns_recursor_4::TARGET,
    &bind::TARGET,
    &dnsdist::TARGET,
    &dnscrypt_proxy::TARGET,
    &systemd_resolved::TARGET,
    &networkmanager::TARGET,
];
