//! The policy, and the verdict by it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ipnet::{IpNet, Ipv6Net};

use crate::address::{Reason, classify};
use crate::name::SuffixMap;
use crate::name::embedded::Embedded;
use crate::wire::{Name, Question, RecordType};

use super::{Alias, Cause, Exception, Findings, Found, Inside, Offence, Verdict};

/// What to do with an answer that points inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Action {
    /// Replace it by NODATA.
    #[default]
    Block,
    /// Let it pass and say so.
    Report,
    /// Do not look.
    Off,
}

/// What a [`Judge`] is made from.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// What to do with offences.
    pub action: Action,
    /// Names that may point inside.
    pub exceptions: Vec<Exception>,
    /// Names that are decoded; no alias may lead to one.
    pub embedded: Arc<Embedded>,
    /// Names of this network: no alias from outside may lead to them or below them.
    pub protected: Vec<Name>,
    /// NAT64 prefixes of this network, whose addresses are judged by what they carry (RFC 6052).
    pub nat64: Vec<Ipv6Net>,
    /// Public networks of this network's own.
    pub own: Vec<IpNet>,
    /// What to do with answers that lead to those. People publish such addresses on purpose, so the default is to report.
    pub own_action: Option<Action>,
    /// DNS block lists, whose answers in 127/8 are codes (RFC 5782).
    pub dnsbl: Vec<Name>,
    /// Clients that are told everything; what they are told is reported.
    pub bypass_clients: Vec<IpNet>,
}

/// Judges answers by one policy.
#[derive(Debug)]
pub struct Judge {
    /// Which policy this is; no two have the same number, and none has 0.
    number: u64,
    action: Action,
    own_action: Action,
    exceptions: SuffixMap<Vec<Exception>>,
    embedded: Arc<Embedded>,
    protected: SuffixMap<()>,
    nat64: Vec<Ipv6Net>,
    own: Vec<IpNet>,
    dnsbl: SuffixMap<()>,
    bypass_clients: Vec<IpNet>,
}

static POLICIES: AtomicU64 = AtomicU64::new(1);

impl Judge {
    /// A judge for this policy. Every exception is protected name space too.
    pub fn new(policy: Policy) -> Self {
        let mut exceptions = SuffixMap::default();
        let mut protected: SuffixMap<()> = policy
            .protected
            .into_iter()
            .map(|name| (name, ()))
            .collect();
        for domain in policy.embedded.domains() {
            protected.insert(*domain.suffix(), ());
        }
        for exception in policy.exceptions {
            protected.insert(exception.domain, ());
            let mut same = exceptions
                .insert(exception.domain, Vec::new())
                .unwrap_or_default();
            let domain = exception.domain;
            same.push(exception);
            exceptions.insert(domain, same);
        }
        Self {
            number: POLICIES.fetch_add(1, Ordering::Relaxed),
            action: policy.action,
            own_action: policy.own_action.unwrap_or(Action::Report),
            exceptions,
            embedded: policy.embedded,
            protected,
            nat64: policy.nat64,
            own: policy.own,
            dnsbl: policy.dnsbl.into_iter().map(|name| (name, ())).collect(),
            bypass_clients: policy.bypass_clients,
        }
    }

    /// What becomes of an answer to `question` for `client`.
    pub fn judge(&self, question: &Question, findings: &Findings, client: IpAddr) -> Verdict {
        if findings.passed_under.load(Ordering::Relaxed) == self.number {
            return Verdict::Pass;
        }
        let held: Vec<&Exception> = self
            .exceptions_of(&question.name)
            .filter(|exception| exception.holds(client, findings))
            .collect();
        // The severer of the two counts: an address of the own network must not hide behind one that is only reported.
        let special = self.special(question, findings, &held);
        let own = held.is_empty().then(|| self.own(findings)).flatten();
        let candidates = [
            special.map(|found| (self.action, found)),
            own.map(|found| (self.own_action, found)),
        ];
        let worst = candidates
            .into_iter()
            .flatten()
            .filter(|(action, _)| *action != Action::Off);
        let Some((action, (kind, cause))) =
            worst.min_by_key(|(action, _)| *action != Action::Block)
        else {
            // What passed by the grace of an exception for some clients only must be judged again for the next one.
            if held.iter().all(|exception| exception.clients.is_empty()) {
                findings.passed_under.store(self.number, Ordering::Relaxed);
            }
            return Verdict::Pass;
        };
        let owner = match &cause {
            Cause::Alias(inside) => findings.owner_of(&inside.target, question),
            _ => *findings.end(question),
        };
        let inside = self.inside(findings);
        let offence = Box::new(Offence {
            owner,
            kind,
            cause,
            inside,
        });
        let bypass = self.bypass_clients.iter().any(|net| net.contains(&client));
        match action {
            Action::Block if !bypass && is_sinkhole(findings) => Verdict::Sinkhole(offence),
            Action::Block if !bypass => Verdict::Block(offence),
            _ => Verdict::Report(offence),
        }
    }

    /// The exceptions that are about a name, for the walk of `explain`.
    pub fn exceptions_of(&self, name: &Name) -> impl Iterator<Item = &Exception> {
        let name = *name;
        self.exceptions
            .find_all(&name)
            .flat_map(|(_, list)| list)
            .filter(move |exception| exception.covers(&name))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// What is done with offences.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The type of the first record that points inside, and how it does.
    fn special(
        &self,
        question: &Question,
        findings: &Findings,
        held: &[&Exception],
    ) -> Option<(RecordType, Cause)> {
        if let Some(kind) = findings.unreadable {
            return Some((kind, Cause::Unreadable));
        }
        if held.is_empty()
            && let Some((alias, protected)) = self.alias_inside(question, &findings.aliases)
        {
            let target = alias.target;
            return Some((
                alias.kind,
                Cause::Alias(Box::new(Inside { target, protected })),
            ));
        }
        let dnsbl = self.is_dnsbl_answer(question, findings);
        findings.addresses.iter().find_map(|found| {
            let reason = self.reason(found.address)?;
            let allowed = dnsbl || held.iter().any(|exception| exception.allows(found.address));
            (!allowed).then_some((found.kind, Cause::Address(found.address, reason)))
        })
    }

    /// The first public address of the own network.
    fn own(&self, findings: &Findings) -> Option<(RecordType, Cause)> {
        let own = |address: &IpAddr| {
            self.own.iter().any(|net| net.contains(address)) && self.reason(*address).is_none()
        };
        let found = findings
            .addresses
            .iter()
            .find(|found| own(&found.address))?;
        Some((found.kind, Cause::Own(found.address)))
    }

    /// The first alias that leads from outside into name space of this network, and that name space. A name that lies in the
    /// same part of it may lead on within it, but never to a name that is decoded here: below sslip.io there are names whose
    /// owner is whoever has the address in them.
    fn alias_inside<'f>(
        &self,
        question: &Question,
        aliases: &'f [Alias],
    ) -> Option<(&'f Alias, Name)> {
        aliases.iter().find_map(|alias| {
            let single = (alias.target.label_count() == 1).then_some(Name::ROOT);
            let suffix = self
                .protected
                .find(&alias.target)
                .map(|(suffix, ())| *suffix);
            let decoded = || {
                [RecordType::A, RecordType::AAAA]
                    .iter()
                    .any(|kind| self.embedded.decode(&alias.target, *kind).is_some())
            };
            let inside = suffix
                .filter(|suffix| !question.name.is_within(suffix) || decoded())
                .or(single)?;
            Some((alias, inside))
        })
    }

    /// The addresses that are not public.
    fn inside(&self, findings: &Findings) -> Vec<IpAddr> {
        let addresses = findings.addresses.iter().map(|found| found.address);
        addresses
            .filter(|address| self.reason(*address).is_some())
            .collect()
    }

    /// Why an address is not public, own NAT64 prefixes looked through.
    fn reason(&self, address: IpAddr) -> Option<Reason> {
        if let IpAddr::V6(v6) = address
            && let Some(net) = self.nat64.iter().find(|net| net.contains(&v6))
        {
            return classify(carried(v6, net.prefix_len()).into());
        }
        classify(address)
    }

    /// An answer of a block list: the question holds a reversed address in front of the list's name, the answer is a code in
    /// 127/8 other than 127.0.0.1 (RFC 5782 §2.1).
    fn is_dnsbl_answer(&self, question: &Question, findings: &Findings) -> bool {
        let Some((zone, ())) = self.dnsbl.find(&question.name) else {
            return false;
        };
        let front = question.name.label_count() - zone.label_count();
        let mut labels = question.name.labels().take(front);
        let reversed = match front {
            4 => labels.all(|label| {
                std::str::from_utf8(label).is_ok_and(|text| text.parse::<u8>().is_ok())
            }),
            32 => labels.all(|label| label.len() == 1 && label.iter().all(u8::is_ascii_hexdigit)),
            _ => false,
        };
        let code = |found: &Found| matches!(found.address, IpAddr::V4(v4) if v4.is_loopback() && v4 != Ipv4Addr::LOCALHOST);
        reversed && findings.aliases.is_empty() && findings.addresses.iter().all(code)
    }
}

/// Only `0.0.0.0` and `::`, and no alias: the usual word of a blocking upstream.
fn is_sinkhole(findings: &Findings) -> bool {
    findings.aliases.is_empty()
        && !findings.addresses.is_empty()
        && findings
            .addresses
            .iter()
            .all(|found| found.address.is_unspecified())
}

/// The IPv4 address inside a NAT64 address: behind the prefix, octet 8 left out (RFC 6052 §2.2).
fn carried(address: Ipv6Addr, prefix: u8) -> Ipv4Addr {
    let octets = address.octets();
    let mut rest = octets
        .iter()
        .enumerate()
        .skip(usize::from(prefix / 8))
        .filter(|(index, _)| *index != 8)
        .map(|(_, octet)| *octet);
    let mut next = || rest.next().unwrap_or(0);
    Ipv4Addr::new(next(), next(), next(), next())
}
