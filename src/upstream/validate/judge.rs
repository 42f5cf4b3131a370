//! The verdict on one answer.
//!
//! A resolver upstream answers with the whole chain of aliases, and each link may come from another zone. So the verdict is made
//! link by link: each must be signed by the zone that its owner is in, or that zone must be proven not to be signed.

use std::sync::Arc;

use super::Reason;
use super::denial::{Denied, Proofs};
use super::key::Zone;
use super::rrset::RrSet;
use super::signature::{Signed, verify};
use super::walk::{Walk, bogus};
use crate::upstream::Failure;
use crate::wire::answer::{Kind, MAX_CHAIN};
use crate::wire::edns::{ExtendedError, write_error};
use crate::wire::types::ede;
use crate::wire::{Answer, Message, Name, Question, RecordType, Section};

/// A set of one zone may be signed in the name of so many others before it is bogus. Honest ones are in no other.
const MOST_SIGNERS: usize = 2;

/// How much of an answer is signed, all of it being as it should.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    /// Every record of it.
    secure: bool,
    /// For how long it may be kept, in seconds.
    most: u32,
}

/// A set whose signature was verified, the zone that signed it, and how.
struct Secure<'s, 'a> {
    set: &'s RrSet<'a>,
    zone: Arc<Zone>,
    signed: Signed,
}

/// An answer on its way to a verdict.
struct Judgment<'w, 'u, 's, 'a> {
    walk: &'w mut Walk<'u>,
    sets: &'s [RrSet<'a>],
    /// The verified sets of the authority section.
    proofs: Vec<Secure<'s, 'a>>,
    verdict: Verdict,
}

impl Walk<'_> {
    /// Judges the answer to a question, and marks it accordingly.
    pub(super) async fn judge(
        &mut self,
        question: &Question,
        mut answer: Answer,
    ) -> Result<Answer, Failure> {
        let verdict = self.verdict(question, &answer).await?;
        answer.authentic = verdict.secure;
        if let Some(code) = self.unverifiable {
            let error = ExtendedError { code, text: "" };
            write_error(&mut answer.options, error);
        }
        if verdict.most < u32::MAX {
            answer.shorten(verdict.most);
        }
        Ok(answer)
    }

    async fn verdict(&mut self, question: &Question, answer: &Answer) -> Result<Verdict, Failure> {
        let subject = (question.name, question.kind);
        let broken = |reason| bogus(&Name::ROOT, &subject, reason);
        let message = Message::read(&answer.bytes).map_err(|_| broken(Reason::Forged))?;
        let sets = RrSet::all(&message).map_err(broken)?;
        let mut judgment = Judgment {
            walk: self,
            sets: &sets,
            proofs: Vec::new(),
            verdict: Verdict {
                secure: true,
                most: u32::MAX,
            },
        };
        judgment.weigh_authority().await?;
        judgment.follow(question, answer.kind).await?;
        Ok(judgment.verdict)
    }
}

impl<'s, 'a> Judgment<'_, '_, 's, 'a> {
    /// Verifies what the authority section holds: proofs, and the SOA record that says how long a denial lives.
    async fn weigh_authority(&mut self) -> Result<(), Failure> {
        let sets = self.sets;
        for set in sets {
            if set.section == Section::Authority
                && let Some(secure) = self.weigh(set).await?
            {
                self.proofs.push(secure);
            }
        }
        Ok(())
    }

    /// Follows the aliases from the question's name, and looks at what they lead to.
    async fn follow(&mut self, question: &Question, kind: Kind) -> Result<(), Failure> {
        let mut name = question.name;
        if question.kind != RecordType::CNAME {
            for _ in 0..=MAX_CHAIN {
                let Some(alias) = self.find(&name, RecordType::CNAME) else {
                    break;
                };
                self.weigh_link(alias).await?;
                let (target, _) = alias
                    .first_name()
                    .map_err(|_| bogus(&name, &(name, RecordType::CNAME), Reason::Forged))?;
                name = target;
            }
        }
        match (kind, self.find(&name, question.kind)) {
            (Kind::Positive, Some(set)) => self.weigh_link(set).await,
            (Kind::Positive, None) if question.kind != RecordType::RRSIG => {
                Err(bogus(&name, &(name, question.kind), Reason::Forged))
            }
            // Signatures are not signed.
            (Kind::Positive, None) | (Kind::Failure, _) => {
                self.verdict.secure = false;
                Ok(())
            }
            (Kind::Nodata | Kind::Nxdomain, _) => {
                self.weigh_denial(&name, question.kind, kind).await
            }
        }
    }

    fn find(&self, owner: &Name, kind: RecordType) -> Option<&'s RrSet<'a>> {
        let sets = self.sets.iter();
        sets.filter(|set| set.section == Section::Answer)
            .find(|set| set.kind == kind && set.owner == *owner)
    }

    /// Judges one link of the chain.
    async fn weigh_link(&mut self, set: &'s RrSet<'a>) -> Result<(), Failure> {
        // An alias that a DNAME record made needs no signature: that record has one (RFC 6672 §5.3.1).
        let sets = self.sets;
        let mut made = false;
        for maker in sets.iter().filter(|maker| made_by(set, maker)) {
            made = true;
            self.weigh_expanded(maker).await?;
        }
        if !made {
            self.weigh_expanded(set).await?;
        }
        Ok(())
    }

    /// Judges one set, and whether a wildcard could make it.
    async fn weigh_expanded(&mut self, set: &'s RrSet<'a>) -> Result<(), Failure> {
        let Some(secure) = self.weigh(set).await? else {
            return Ok(());
        };
        let Some(encloser) = secure.signed.wildcard_of else {
            return Ok(());
        };
        let zone = &secure.zone.name;
        let proofs = self.proofs_of(zone);
        let denied = proofs.allow_wildcard(&set.owner, &encloser, &mut self.walk.work);
        self.note(denied.map_err(|reason| bogus(zone, &(set.owner, set.kind), reason))?);
        Ok(())
    }

    /// Judges that something does not exist.
    async fn weigh_denial(
        &mut self,
        name: &Name,
        kind: RecordType,
        missing: Kind,
    ) -> Result<(), Failure> {
        if !self.walk.validator.judges(name) {
            self.verdict.secure = false;
            return Ok(());
        }
        let upper = upper_bound(name, kind);
        // The deepest zone that signed a proof is the one to say so.
        let signers = self.proofs.iter().map(|secure| &secure.zone);
        let zone = signers
            .filter(|zone| self.may_sign(&zone.name, &upper))
            .max_by_key(|zone| zone.name.label_count())
            .cloned();
        let zone = match zone {
            Some(zone) => zone,
            None => {
                if let Some(zone) = self.walk.zone_of(&upper).await? {
                    zone
                } else {
                    self.verdict.secure = false;
                    return Ok(());
                }
            }
        };
        let proofs = self.proofs_of(&zone.name);
        let work = &mut self.walk.work;
        let denied = if missing == Kind::Nxdomain {
            proofs.deny_name(name, work)
        } else {
            proofs.deny_type(name, kind, work)
        };
        self.note(denied.map_err(|reason| bogus(&zone.name, &(*name, kind), reason))?);
        Ok(())
    }

    /// Whether a zone may be the one that holds records of `upper`: it lies above, but not above the anchor that is nearest. Whoever
    /// gives a zone an anchor of its own does not want those above to have a say in it, least of all that it is not signed.
    fn may_sign(&self, zone: &Name, upper: &Name) -> bool {
        let anchor = self.walk.validator.anchors.find(upper);
        upper.is_within(zone) && anchor.is_some_and(|(anchor, _)| zone.is_within(anchor))
    }

    fn note(&mut self, denied: Denied) {
        self.verdict.secure &= denied == Denied::Surely;
        if denied == Denied::Unknown {
            self.walk.unverifiable = Some(ede::UNSUPPORTED_NSEC3_ITERATIONS);
        }
    }

    fn proofs_of(&self, zone: &Name) -> Proofs<'a> {
        let of_zone = self.proofs.iter().filter(|secure| {
            // A proof that a wildcard made proves nothing (RFC 4035 §5.4).
            secure.zone.name == *zone && secure.signed.wildcard_of.is_none()
        });
        let sets: Vec<&RrSet<'a>> = of_zone.map(|secure| secure.set).collect();
        Proofs::new(zone, &sets)
    }

    /// Judges one set: signed as it should be, or (none) in a part of the tree that is not signed.
    async fn weigh(&mut self, set: &'s RrSet<'a>) -> Result<Option<Secure<'s, 'a>>, Failure> {
        let secure = self.seek_signer(set).await?;
        match &secure {
            Some(secure) if set.ttl > secure.signed.most => {
                self.verdict.most = self.verdict.most.min(secure.signed.most);
            }
            Some(_) => {}
            None => self.verdict.secure = false,
        }
        Ok(secure)
    }

    async fn seek_signer(&mut self, set: &'s RrSet<'a>) -> Result<Option<Secure<'s, 'a>>, Failure> {
        let subject = (set.owner, set.kind);
        if !self.walk.validator.judges(&set.owner) {
            return Ok(None);
        }
        let upper = upper_bound(&set.owner, set.kind);
        let mut signers: Vec<Name> = Vec::new();
        for signature in &set.signatures {
            let signer = signature.signer;
            let known = signers.len() == MOST_SIGNERS || signers.contains(&signer);
            if !known && self.may_sign(&signer, &upper) {
                signers.push(signer);
            }
        }
        let mut why = None;
        for signer in signers {
            let Some(zone) = self.walk.zone_of(&signer).await? else {
                return Ok(None);
            };
            let verified = if zone.name == signer {
                verify(set, &zone, self.walk.time, &mut self.walk.work)
            } else {
                // No zone begins where the signer says that his does.
                Err(Reason::NoKey)
            };
            match verified {
                Ok(signed) => return Ok(Some(Secure { set, zone, signed })),
                Err(reason) => {
                    why.get_or_insert_with(|| bogus(&zone.name, &subject, reason));
                }
            }
        }
        if let Some(why) = why {
            return Err(why);
        }
        match self.walk.zone_of(&upper).await? {
            None => Ok(None),
            Some(zone) => Err(bogus(&zone.name, &subject, Reason::Unsigned)),
        }
    }
}

/// Whether `alias` is what the DNAME record `maker` makes of its owner (RFC 6672 §2.2).
fn made_by(alias: &RrSet<'_>, maker: &RrSet<'_>) -> bool {
    let owner = alias.owner;
    let fits = alias.kind == RecordType::CNAME
        && maker.kind == RecordType::DNAME
        && maker.section == Section::Answer
        && owner != maker.owner
        && owner.is_within(&maker.owner);
    let (true, Ok((target, _)), Ok((end, _))) = (fits, alias.first_name(), maker.first_name())
    else {
        return false;
    };
    let front = owner.label_count() - maker.owner.label_count();
    let labels = owner.labels().take(front).chain(end.labels());
    Name::from_labels(labels).is_ok_and(|made| made == target)
}

/// The name whose zone signs records of this owner and type: DS records are those of the parent zone (RFC 4035 §5), and so is
/// all that lies above a zone cut; NSEC3 records stand directly below the top of their zone.
fn upper_bound(owner: &Name, kind: RecordType) -> Name {
    match kind {
        RecordType::DS | RecordType::NSEC3 => owner.parent().unwrap_or(Name::ROOT),
        _ => *owner,
    }
}
