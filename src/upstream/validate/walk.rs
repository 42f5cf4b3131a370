//! The way from a trust anchor down to the zone of a name (RFC 4035 §5.2).
//!
//! Label by label: the parent zone says, signed, that a signed zone begins here (DS), that one begins that is not signed, or
//! that none does. Going down, an unsigned zone ends the way with one question, however deep the name.

use std::sync::Arc;
use std::time::Duration;

use super::denial::{Below, Proofs};
use super::key::{Key, Trust, Zone};
use super::rrset::RrSet;
use super::signature::{Signed, verify};
use super::work::Work;
use super::zones::Status;
use super::{Bogus, Reason, Validator};
use crate::upstream::{Ask, Failure, Upstream};
use crate::wire::answer::Kind;
use crate::wire::types::{class, ede};
use crate::wire::{Answer, Message, Name, Question, RecordType};

/// So many DS records of a zone are looked at. Zones have one for each key and digest type, and twice that while they change.
const MOST_DIGESTS: usize = 16;

/// One question on its way through zones.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) validator: &'a Validator,
    pub(super) work: Work,
    /// The time since boot.
    pub(super) now: Duration,
    /// The time of day, in seconds since 1970 modulo 2³²; none if it is not known.
    pub(super) time: Option<u32>,
    /// What was found was bogus: now another server is asked, and nothing broken is taken from memory.
    pub(super) again: bool,
    /// The extended error that says why a zone that is signed counts as unsigned.
    pub(super) unverifiable: Option<u16>,
}

impl Walk<'_> {
    /// The signed zone that `name` is in; none if no signed zone says anything about it.
    pub(super) async fn zone_of(&mut self, name: &Name) -> Result<Option<Arc<Zone>>, Failure> {
        let validator = self.validator;
        let Some((anchor, trust)) = validator.anchors.find(name) else {
            return Ok(None);
        };
        let now = self.now;
        let when = (now, self.again);
        let entry = validator.zones.at(anchor, when, self.enter(anchor, trust));
        let entry = entry.await?;
        let Status::Signed(mut zone) = entry else {
            return Ok(None);
        };
        for labels in anchor.label_count() + 1..=name.label_count() {
            let Some(child) = name.ancestor(labels) else {
                break;
            };
            let found = validator
                .zones
                .at(&child, when, self.descend(&zone, &child));
            match found.await? {
                Status::Signed(child) => zone = child,
                Status::Unsigned(why) => {
                    self.unverifiable = self.unverifiable.or(why);
                    return Ok(None);
                }
                Status::Same => {}
                Status::Nothing => break,
            }
        }
        Ok(Some(zone))
    }

    /// What the signed zone `parent` says about a name directly below one of its own.
    async fn descend(&mut self, parent: &Zone, child: &Name) -> Result<(Status, u32), Failure> {
        let answer = self.ask(child, RecordType::DS).await?;
        let kept = answer.lifetime.unwrap_or(0);
        let link = Link {
            zone: parent,
            subject: (*child, RecordType::DS),
            time: self.time,
        };
        match link.read_ds(&answer, &mut self.work)? {
            Found::Digests(trust, most) => {
                let (status, longest) = self.enter(child, &trust).await?;
                Ok((status, longest.min(most).min(kept)))
            }
            Found::Status(status) => Ok((status, kept)),
        }
    }

    /// The keys of a zone, of which one is trusted.
    async fn enter(&mut self, name: &Name, trust: &[Trust]) -> Result<(Status, u32), Failure> {
        let answer = self.ask(name, RecordType::DNSKEY).await?;
        let bogus = |reason| bogus(name, &(*name, RecordType::DNSKEY), reason);
        let message = Message::read(&answer.bytes).map_err(|_| bogus(Reason::Forged))?;
        let sets = RrSet::all(&message).map_err(bogus)?;
        let set = sets
            .iter()
            .find(|set| set.kind == RecordType::DNSKEY && set.owner == *name)
            .ok_or_else(|| bogus(Reason::NoKey))?;
        let keys = Key::trusted(name, set.data(), trust, &mut self.work).map_err(bogus)?;
        let entrance = Zone { name: *name, keys };
        let signed = verify(set, &entrance, self.time, &mut self.work).map_err(bogus)?;
        if signed.wildcard_of.is_some() {
            return Err(bogus(Reason::Forged));
        }
        let zone = Zone {
            name: *name,
            keys: Key::all(set.data()),
        };
        let kept = answer.lifetime.unwrap_or(0).min(signed.most);
        Ok((Status::Signed(Arc::new(zone)), kept))
    }

    /// Asks for the records of a chain, where the zone that holds them is asked for. CD is set: whether the data are good is for
    /// us to say (RFC 6840 §5.9).
    async fn ask(&mut self, name: &Name, kind: RecordType) -> Result<Answer, Failure> {
        self.work
            .ask()
            .map_err(|reason| bogus(name, &(*name, kind), reason))?;
        let zone = match kind {
            RecordType::DS => name.parent().unwrap_or(Name::ROOT),
            _ => *name,
        };
        let ask = Ask {
            question: Question {
                name: *name,
                kind,
                class: class::IN,
            },
            dnssec_ok: true,
            checking_disabled: true,
            options: Vec::new(),
        };
        let (_, group) = self.upstream.route(&zone);
        let failed = |answer: &Answer| {
            Failure::Unusable(format!("{name} {kind}, for DNSSEC: {}", answer.rcode))
        };
        let asked = if self.again {
            group.ask_another(&ask).await
        } else {
            group.ask(&ask).await
        };
        match asked {
            Ok(answer) if answer.kind == Kind::Failure => Err(failed(&answer)),
            Err(Failure::Refused(answer)) => Err(failed(&answer)),
            other => other,
        }
    }
}

/// What a DS question brought.
enum Found {
    /// DS records of use, and for how many seconds they hold.
    Digests(Vec<Trust>, u32),
    Status(Status),
}

/// One step down from a signed zone.
struct Link<'a> {
    zone: &'a Zone,
    subject: (Name, RecordType),
    time: Option<u32>,
}

impl Link<'_> {
    fn bogus(&self, reason: Reason) -> Failure {
        bogus(&self.zone.name, &self.subject, reason)
    }

    fn verify(&self, set: &RrSet<'_>, work: &mut Work) -> Result<Signed, Failure> {
        verify(set, self.zone, self.time, work).map_err(|reason| self.bogus(reason))
    }

    fn read_ds(&self, answer: &Answer, work: &mut Work) -> Result<Found, Failure> {
        let (child, _) = self.subject;
        let message = Message::read(&answer.bytes).map_err(|_| self.bogus(Reason::Forged))?;
        let sets = RrSet::all(&message).map_err(|reason| self.bogus(reason))?;
        let find = |kind| {
            sets.iter()
                .find(move |set| set.kind == kind && set.owner == child)
        };
        if let Some(set) = find(RecordType::DS) {
            let signed = self.verify(set, work)?;
            // A wildcard makes no zones.
            if signed.wildcard_of.is_some() {
                return Err(self.bogus(Reason::Forged));
            }
            let usable = set
                .data()
                .filter_map(Trust::from_ds)
                .filter(Trust::is_usable);
            let mut trust: Vec<Trust> = usable.take(MOST_DIGESTS).collect();
            if trust.iter().any(|trust| !trust.is_weak()) {
                trust.retain(|trust| !trust.is_weak());
            }
            // Nobody can verify a zone whose algorithms are not known: it counts as unsigned (RFC 4035 §5.2).
            return Ok(if trust.is_empty() {
                Found::Status(Status::Unsigned(Some(ede::UNSUPPORTED_ALGORITHM)))
            } else {
                Found::Digests(trust, signed.most)
            });
        }
        // No zone begins at an alias. One that a DNAME record made has no signature, but that record has.
        let makes = |set: &&RrSet<'_>| {
            set.kind == RecordType::DNAME && child != set.owner && child.is_within(&set.owner)
        };
        let alias = sets.iter().find(makes).or_else(|| find(RecordType::CNAME));
        if let Some(set) = alias {
            self.verify(set, work)?;
            return Ok(Found::Status(Status::Same));
        }
        let mut proofs = Vec::new();
        for set in &sets {
            if matches!(set.kind, RecordType::NSEC | RecordType::NSEC3) {
                let signed = self.verify(set, work)?;
                if signed.wildcard_of.is_none() {
                    proofs.push(set);
                }
            }
        }
        let below = Proofs::new(&self.zone.name, &proofs).deny_cut(&child, work);
        Ok(Found::Status(
            match below.map_err(|reason| self.bogus(reason))? {
                Below::Unsigned => Status::Unsigned(None),
                Below::Unknown => Status::Unsigned(Some(ede::UNSUPPORTED_NSEC3_ITERATIONS)),
                Below::Same => Status::Same,
                Below::Nothing => Status::Nothing,
            },
        ))
    }
}

pub(super) fn bogus(zone: &Name, subject: &(Name, RecordType), reason: Reason) -> Failure {
    Failure::Bogus(Box::new(Bogus {
        zone: *zone,
        subject: *subject,
        reason,
    }))
}
