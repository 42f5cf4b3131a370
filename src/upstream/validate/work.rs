//! How much work one question is worth.
//!
//! Whoever runs a zone decides how many keys, signatures and hashes a validator meets in it. Each of these attacks has made
//! resolvers compute for minutes on a single question: keys with one tag times signatures (CVE-2023-50387), NSEC3
//! hashes (CVE-2023-50868), and chains that cost hundreds of questions. So a question has a budget, several times what the
//! costliest honest chain takes, and is bogus when that is spent.

use super::Reason;

/// Questions upstream. An honest chain without anything kept takes two for each zone, six for most names.
const QUESTIONS: usize = 32;
/// Signatures verified. An honest answer takes one for each set of records in it and two for each zone that is not known yet.
const SIGNATURES: usize = 64;
/// Of these, how many may fail. An honest answer has none that fail, but for keys that share a tag by chance.
const FAILURES: usize = 8;
/// Keys compared with DS records.
const DIGESTS: usize = 32;
/// Rounds of NSEC3 hashing. An honest denial hashes each label of the name that is below the zone, and one wildcard.
const ROUNDS: usize = 8192;

/// What is left of the budget of one question.
#[derive(Debug)]
pub(super) struct Work {
    questions: usize,
    signatures: usize,
    failures: usize,
    digests: usize,
    rounds: usize,
}

impl Work {
    pub(super) fn new() -> Self {
        Self {
            questions: QUESTIONS,
            signatures: SIGNATURES,
            failures: FAILURES,
            digests: DIGESTS,
            rounds: ROUNDS,
        }
    }

    /// One more question upstream.
    pub(super) fn ask(&mut self) -> Result<(), Reason> {
        spend(&mut self.questions, 1)
    }

    /// One more signature to verify.
    pub(super) fn verify(&mut self) -> Result<(), Reason> {
        spend(&mut self.signatures, 1)
    }

    /// The signature did not fit.
    pub(super) fn fail(&mut self) -> Result<(), Reason> {
        spend(&mut self.failures, 1)
    }

    /// One more key to compare with a DS record.
    pub(super) fn digest(&mut self) -> Result<(), Reason> {
        spend(&mut self.digests, 1)
    }

    /// One more name to hash, in so many rounds.
    pub(super) fn hash(&mut self, rounds: usize) -> Result<(), Reason> {
        spend(&mut self.rounds, rounds)
    }
}

fn spend(left: &mut usize, amount: usize) -> Result<(), Reason> {
    *left = left.checked_sub(amount).ok_or(Reason::TooMuch)?;
    Ok(())
}
