//! In which manner the servers of a group are asked.

use crate::wire::Rcode;
use crate::wire::answer::Kind;

/// Which server is asked when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The quickest first; the next one as well when it takes longer than it should.
    #[default]
    Fastest,
    /// In the order of the configuration; the next one only when one fails or is silent.
    Strict,
    /// All at once.
    Parallel,
}

/// The manner of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Which server is asked when.
    pub strategy: Strategy,
    /// After which answers the next server is asked.
    pub failover_on: Codes,
}

/// A set of response codes, 0 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes(u16);

impl Default for Codes {
    /// What says nothing about the name, only about the server or its own way to an answer.
    fn default() -> Self {
        [
            Rcode::FORMERR,
            Rcode::SERVFAIL,
            Rcode::NOTIMP,
            Rcode::REFUSED,
        ]
        .into_iter()
        .collect()
    }
}

impl FromIterator<Rcode> for Codes {
    fn from_iter<T: IntoIterator<Item = Rcode>>(codes: T) -> Self {
        Self(codes.into_iter().fold(0, |set, code| set | bit(code)))
    }
}

impl Codes {
    /// Whether another server may know better than the one that gave an answer with this code. Codes that are no answer to any
    /// question that we ask are always worth another server.
    pub(super) fn lead_on(self, code: Rcode, kind: Kind) -> bool {
        let choice = bit(code) & CHOICE != 0;
        self.0 & bit(code) != 0 || kind == Kind::Failure && !choice
    }
}

/// The codes about which there is a choice: FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED.
const CHOICE: u16 = 0b11_1110;

fn bit(code: Rcode) -> u16 {
    1_u16.checked_shl(code.0.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_lead_on_unless_the_operator_wants_to_see_them() {
        let default = Codes::default();
        assert!(default.lead_on(Rcode::SERVFAIL, Kind::Failure));
        assert!(default.lead_on(Rcode::REFUSED, Kind::Failure));
        assert!(!default.lead_on(Rcode::NXDOMAIN, Kind::Nxdomain));
        assert!(!default.lead_on(Rcode::NOERROR, Kind::Positive));
        // NOTAUTH is an answer to an update, and BADVERS does not even fit the four bits.
        assert!(default.lead_on(Rcode(9), Kind::Failure));
        assert!(default.lead_on(Rcode::BADVERS, Kind::Failure));
        let only = Codes::from_iter([Rcode::NXDOMAIN]);
        assert!(only.lead_on(Rcode::NXDOMAIN, Kind::Nxdomain));
        assert!(!only.lead_on(Rcode::SERVFAIL, Kind::Failure));
        assert!(only.lead_on(Rcode(9), Kind::Failure));
    }
}
