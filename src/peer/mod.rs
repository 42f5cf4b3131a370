//! Floor 6: what the configuration of another resolver means for rebinding.
//!
//! The files of other programs accept much that does nothing: an exception that matches no name, a port that is read as something
//! else. Their own checkers look at the syntax and pass it. Here such a file is read as its program reads it, and told is what comes
//! of it: the protection and its networks, what is wrong or does nothing, and what lanward's configuration would say instead.
//!
//! One file or folder for each format makes a [`Reading`]; `faults` finds what is wrong with any of them, `offer` writes what
//! lanward would be told. What is read may be anybody's: sizes and counts are bounded by `source`.

mod adguard_home;
mod dnsmasq;
mod faults;
mod glob;
mod offer;
mod pihole;
mod place;
mod ranges;
mod reading;
mod resolv_conf;
mod source;
mod unbound;

use std::net::SocketAddr;
use std::path::Path;

use crate::wire::Name;

pub use place::Place;
pub use reading::{Allowed, Asked, Forward, Protection, Reading};

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// dnsmasq.conf, with what it includes.
    Dnsmasq,
    /// unbound.conf, with what it includes.
    Unbound,
    /// The system's resolver configuration.
    ResolvConf,
    /// pihole.toml of Pi-hole 6; Pi-hole 5 has dnsmasq's files.
    Pihole,
    /// AdGuardHome.yaml.
    AdguardHome,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Dnsmasq,
        Self::Unbound,
        Self::ResolvConf,
        Self::Pihole,
        Self::AdguardHome,
    ];

    /// Its word on the command line: that of the target of `lanward emit`, where there is one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dnsmasq => "dnsmasq",
            Self::Unbound => "unbound",
            Self::ResolvConf => "resolv.conf",
            Self::Pihole => "pihole-v6",
            Self::AdguardHome => "adguard-home",
        }
    }

    /// Reads such a word, or another that people have for it: the name of the program or of its file.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let others = kind.other_words().iter().copied();
            let mut words = others.chain([kind.word()]);
            words.any(|known| known.eq_ignore_ascii_case(word))
        })
    }

    fn other_words(self) -> &'static [&'static str] {
        match self {
            Self::Dnsmasq => &["dnsmasq.conf"],
            Self::Unbound => &["unbound.conf"],
            Self::ResolvConf => &[],
            Self::Pihole => &["pihole", "pihole.toml"],
            Self::AdguardHome => &["adguardhome", "AdGuardHome.yaml"],
        }
    }

    /// The program's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dnsmasq => "dnsmasq",
            Self::Unbound => "Unbound",
            Self::ResolvConf => "the system's resolver",
            Self::Pihole => "Pi-hole",
            Self::AdguardHome => "AdGuard Home",
        }
    }

    /// Where its protection, when it is on, is weaker than lanward's; each in one sentence.
    pub fn weaknesses(self) -> &'static [&'static str] {
        match self {
            Self::Dnsmasq | Self::Pihole => &[
                "addresses in HTTPS and SVCB records pass",
                "an answer for an excepted domain may lead anywhere by an alias",
            ],
            Self::Unbound => &[
                "it judges by the owner of a record, so that every site can lead inside by an alias into an excepted domain",
                "before 1.25 addresses in HTTPS and SVCB records pass",
            ],
            Self::AdguardHome => &[
                "an answer for an excepted domain may lead anywhere by an alias, and passes the block lists, too",
            ],
            Self::ResolvConf => &[],
        }
    }
}

/// What lanward itself does, which needs no line of its own.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The domains whose names it decodes.
    pub decoded: Vec<Name>,
    /// Where it listens: no server for itself.
    pub listeners: Vec<SocketAddr>,
}

impl Known {
    /// Whether names at and below `name` are decoded.
    fn decodes(&self, name: &Name) -> bool {
        self.decoded.iter().any(|decoded| name.is_within(decoded))
    }
}

/// Reads a file and what it includes, and finds what is wrong in it. Of a file that cannot be read only that is found.
pub fn read(kind: Kind, path: &Path, known: &Known) -> Reading {
    let mut reading = Reading::new(kind, path);
    let read = match kind {
        Kind::Dnsmasq => dnsmasq::read(&mut reading),
        Kind::Unbound => unbound::read(&mut reading),
        Kind::ResolvConf => resolv_conf::read(&mut reading),
        Kind::Pihole => pihole::read(&mut reading),
        Kind::AdguardHome => adguard_home::read(&mut reading, known),
    };
    match read {
        Some(()) => faults::find(&mut reading, known),
        None => reading.protection = Protection::Unknown,
    }
    reading.finish();
    reading
}

#[cfg(test)]
mod tests;
