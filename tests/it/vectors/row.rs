//! One line of the table of vectors: what is asked, what the upstream says, and what the client may see.

use std::net::{IpAddr, Ipv4Addr};

use hickory_proto::op::Message;

use crate::support::records::{RRSIG, Record, SOA};
use crate::support::reply::Reply;
use crate::support::upstream::Behaviour;
use crate::support::wire::{AA, AD, NOERROR, Query, RA, Response};

use super::inside;

/// An id of a server, as in `<address>.<id>.plex.direct`.
pub(crate) const PID: &str = "0123456789abcdef0123456789abcdef";

/// The configuration that a row needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    Usual,
    /// Nothing is decoded.
    NoPresets,
    /// Own public networks are blocked, not only reported.
    OwnBlocked,
    /// An own NAT64 prefix.
    Nat64,
    /// No list of DNSBL zones.
    NoDnsbl,
}

impl Setup {
    pub(crate) const ALL: [Self; 5] = [
        Self::Usual,
        Self::NoPresets,
        Self::OwnBlocked,
        Self::Nat64,
        Self::NoDnsbl,
    ];

    /// The configuration after `[upstream]`; `routed` serves the private domains.
    pub(crate) fn configuration(self, routed: std::net::SocketAddr) -> String {
        let presets = if self == Self::NoPresets {
            ""
        } else {
            "\"plex.direct\""
        };
        let own = if self == Self::OwnBlocked {
            "block"
        } else {
            "report"
        };
        let nat64 = if self == Self::Nat64 {
            "\"64:ff9b:1:abcd::/96\""
        } else {
            ""
        };
        let dnsbl = if self == Self::NoDnsbl {
            ""
        } else {
            "\"zen.spamhaus.org\""
        };
        format!(
            r#"
[[route]]
domains = ["corp2.example", "home.lan"]
servers = ["{routed}"]
private = true
[embedded]
presets = [{presets}]
[rebinding]
action = "block"
own_networks = ["2a0e:aaaa:1::/48", "185.199.7.0/24"]
own_action = "{own}"
nat64 = [{nat64}]
dnsbl = [{dnsbl}]
bypass_clients = ["127.0.0.77/32"]
protected = ["home.lan"]
[[rebinding.allow]]
domain = "corp.example"
ranges = ["10.0.0.0/8"]
"#
        )
    }
}

/// What the client has to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Exactly the records of `want`, in order.
    Pass,
    /// As `Pass`, and a line in the log names it.
    Report,
    /// NODATA with EDE 15.
    Block,
    /// NODATA with EDE 15, because of where the alias leads.
    Alias,
    /// NODATA with EDE 15 that says sinkhole.
    Sinkhole,
    /// This address, with authority, and nobody asked.
    Decode(&'static str),
    /// No records, and nobody asked.
    Nodata,
    /// Nothing of the answer is left, once what does not belong is dropped.
    Empty,
    /// The small answer of RFC 8482.
    Hinfo,
    /// This code and no records.
    Code(u16),
    /// As `Code`, and nobody asked.
    Local(u16),
}

/// One row; several may share an id.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) setup: Setup,
    pub(crate) query: Query,
    pub(crate) source: Ipv4Addr,
    pub(crate) upstream: Vec<(String, u16, Behaviour)>,
    /// Asked before, so that the cache holds pieces that could be put together wrongly.
    pub(crate) before: Vec<Query>,
    pub(crate) want: Vec<Record>,
    pub(crate) expect: Expect,
    /// The second question must not reach the upstream.
    pub(crate) cached: bool,
}

impl Row {
    /// The upstream answers `qname` with these records.
    pub(crate) fn new(
        id: &'static str,
        expect: Expect,
        qname: &str,
        qtype: u16,
        records: Vec<Record>,
    ) -> Self {
        let response = Behaviour::from(Response::new(records.clone()));
        Self {
            id,
            setup: Setup::Usual,
            query: Query::new(qname, qtype),
            source: Ipv4Addr::LOCALHOST,
            upstream: vec![(qname.to_owned(), qtype, response)],
            before: Vec::new(),
            want: records,
            expect,
            cached: true,
        }
    }

    pub(crate) fn setup(self, setup: Setup) -> Self {
        Self { setup, ..self }
    }

    /// Another behaviour than the plain answer.
    pub(crate) fn says(mut self, behaviour: impl Into<Behaviour>) -> Self {
        self.upstream[0].2 = behaviour.into();
        self
    }

    /// Another name that the upstream knows, asked for before.
    pub(crate) fn after(mut self, name: &str, qtype: u16, records: Vec<Record>) -> Self {
        self.upstream
            .push((name.to_owned(), qtype, Response::new(records).into()));
        self.before.push(Query::new(name, qtype));
        self
    }

    pub(crate) fn uncached(self) -> Self {
        Self {
            cached: false,
            ..self
        }
    }

    pub(crate) fn dnssec(mut self) -> Self {
        self.query = self.query.dnssec();
        self
    }

    pub(crate) fn from(self, source: Ipv4Addr) -> Self {
        Self { source, ..self }
    }

    /// Whether the row is an attack, or something that has to work.
    pub(crate) fn attack(&self) -> bool {
        !matches!(
            self.expect,
            Expect::Pass | Expect::Report | Expect::Decode(_)
        ) || matches!(self.id, "V75" | "V76" | "V77" | "V81" | "V85")
    }

    pub(crate) fn local(&self) -> bool {
        matches!(
            self.expect,
            Expect::Decode(_) | Expect::Nodata | Expect::Hinfo | Expect::Local(_)
        )
    }

    /// Whether `reply` is what this row expects; the reason where it is not.
    pub(crate) fn judge(&self, reply: &Reply) -> Result<(), String> {
        self.safe(reply)?;
        let nodata = reply.rcode() == NOERROR && reply.answer.is_empty();
        let edns = reply.edns.is_some();
        let told = |start: &str| {
            !edns
                || reply
                    .errors()
                    .iter()
                    .any(|(code, text)| *code == 15 && text.contains(start))
        };
        let essence = |records: &[Record]| records.iter().map(Record::essence).collect::<Vec<_>>();
        let fits = match self.expect {
            Expect::Pass | Expect::Report => {
                reply.rcode() == NOERROR && reply.essence() == essence(&self.want)
            }
            Expect::Block => blocked(reply) && told(""),
            Expect::Alias => blocked(reply) && told("rebinding: alias"),
            Expect::Sinkhole => blocked(reply) && told("sinkhole"),
            Expect::Decode(address) => {
                reply.has(AA) && reply.addresses() == [address.parse::<IpAddr>().unwrap()]
            }
            Expect::Nodata | Expect::Empty => nodata,
            Expect::Hinfo => {
                reply.answer.len() == 1 && reply.answer[0].rtype == crate::support::records::HINFO
            }
            Expect::Code(code) | Expect::Local(code) => {
                reply.rcode() == code && reply.answer.is_empty()
            }
        };
        if fits {
            Ok(())
        } else {
            Err(format!(
                "expected {:?}, got {}",
                self.expect,
                reply.summary()
            ))
        }
    }

    /// What holds whatever the verdict, and for every resolver: nothing leads inside that was not expected to.
    pub(crate) fn leads_nowhere(&self, reply: &Reply) -> Result<(), String> {
        let passes = matches!(self.expect, Expect::Pass | Expect::Report);
        let allowed = |address: &IpAddr| match self.expect {
            Expect::Decode(text) => text.parse() == Ok(*address),
            _ => {
                passes
                    && self
                        .want
                        .iter()
                        .any(|record| inside::octets(*address) == record.rdata)
            }
        };
        if let Some(address) = reply
            .addresses()
            .into_iter()
            .find(|address| inside::is_inside(*address) && !allowed(address))
        {
            return Err(format!("{address} leaked: {}", reply.summary()));
        }
        if let Some(target) = reply
            .targets()
            .into_iter()
            .find(|target| inside::is_protected(target))
        {
            return Err(format!("an alias to {target} leaked: {}", reply.summary()));
        }
        Ok(())
    }

    /// The same, and that the reply is in good form.
    fn safe(&self, reply: &Reply) -> Result<(), String> {
        self.leads_nowhere(reply)?;
        let passes = matches!(self.expect, Expect::Pass | Expect::Report);
        if !passes && reply.records().any(|record| record.rtype == RRSIG) {
            return Err("a signature is left".to_owned());
        }
        if !reply.has(RA) || reply.has(AD) {
            return Err(format!(
                "RA has to be set and AD clear: {}",
                reply.summary()
            ));
        }
        Message::from_vec(&reply.bytes)
            .map(drop)
            .map_err(|error| format!("hickory cannot read it: {error}"))
    }
}

/// The form of a block: no answer, one SOA, not authoritative.
fn blocked(reply: &Reply) -> bool {
    let [soa] = &reply.authority[..] else {
        return false;
    };
    reply.rcode() == NOERROR
        && reply.answer.is_empty()
        && soa.rtype == SOA
        && reply.additional.is_empty()
        && !reply.has(AA)
}
