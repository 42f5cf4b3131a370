//! A hostile Internet, a lanward, and a program between them with a snippet for it.

use std::net::{IpAddr, SocketAddr};

use crate::support::client::Client;
use crate::support::command::run;
use crate::support::lanward::Lanward;
use crate::support::peers::Peer;
use crate::support::records::{
    A, AAAA, HTTPS, PTR, Record, SVCB, TXT, a, aaaa, cname, hint4, hint6, raw, svcb,
};
use crate::support::reply::Reply;
use crate::support::upstream::{Act, Behaviour, Seen, Upstream};
use crate::support::wire::{NOERROR, Query, Response, name, text};

/// An id of a Plex server.
pub(super) const ID: &str = "0123456789abcdef0123456789abcdef";

/// A public address, for names that must pass everywhere.
const PUBLIC: &str = "93.184.216.34";

/// The digest of the root's key, by which nothing in the world is signed: a program with this anchor can prove nothing, as while
/// the line is down.
pub(super) const ROOT_DIGEST: &str =
    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";

/// A server outside, in the form of its plex.direct name.
const OUTSIDE: &str = "93-184-216-34";

/// Another site's alias to a server whose name is fixed.
const TO_FIXED: &str = "own.evil.example";

/// An address for which only the router has a name.
const POINTER: &str = "30.1.168.192.in-addr.arpa";

/// Addresses that no public name may have, each with a name of its own under `other.example`. The name of a case is its address.
const ADDRESSES: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.1.1",
    "127.0.0.1",
    "127.8.9.1",
    "169.254.1.1",
    "172.16.1.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::192.168.1.1",
    "::ffff:192.168.1.1",
    "64:ff9b::192.168.1.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:c0a8:101::1",
    "4000::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::fb",
];

/// The attack whose name is an exception in [`World::with_one_name_alone`].
pub(super) const ALONE: &str = "192.168.1.1";

/// A question whose answer leads inside.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attack {
    /// What it is called in the tests.
    id: String,
    name: String,
    rtype: u16,
    /// Where it leads.
    inside: IpAddr,
    answer: Vec<Record>,
}

/// All of them: the addresses, then `mixed` (with a public address beside it), `https4`, `https6` and `svcb` (hints), `alias out`
/// (another site's alias into plex.direct) and `alias in` (a plex.direct name's alias to another site).
fn attacks() -> Vec<Attack> {
    let attack = |id: &str, name: &str, rtype: u16, inside: &str, answer: Vec<Record>| Attack {
        id: id.to_owned(),
        name: name.to_owned(),
        rtype,
        inside: inside.parse().unwrap(),
        answer,
    };
    let mut attacks = Vec::new();
    for text in ADDRESSES {
        let name = of_address(text);
        let (rtype, record) = if text.contains(':') {
            (AAAA, aaaa(&name, text))
        } else {
            (A, a(&name, text))
        };
        attacks.push(attack(text, &name, rtype, text, vec![record]));
    }
    let [mixed, https4, https6, other] =
        ["mixed", "https4", "https6", "svcb"].map(|label| format!("{label}.other.example"));
    let records = vec![a(&mixed, PUBLIC), a(&mixed, "192.168.1.1")];
    attacks.push(attack("mixed", &mixed, A, "192.168.1.1", records));
    let record = svcb(HTTPS, &https4, 1, "", &[hint4(&["192.168.1.1"])]);
    attacks.push(attack(
        "https4",
        &https4,
        HTTPS,
        "192.168.1.1",
        vec![record],
    ));
    let record = svcb(HTTPS, &https6, 1, "", &[hint6(&["fd00::1"])]);
    attacks.push(attack("https6", &https6, HTTPS, "fd00::1", vec![record]));
    let record = svcb(SVCB, &other, 1, "", &[hint4(&["192.168.1.1"])]);
    attacks.push(attack("svcb", &other, SVCB, "192.168.1.1", vec![record]));
    let (evil, plex) = ("evil.example", plex("192-168-1-1"));
    let records = vec![cname(evil, &plex), a(&plex, "192.168.1.1")];
    attacks.push(attack("alias out", evil, A, "192.168.1.1", records));
    let (away, inside) = (format!("away.{ID}.plex.direct"), "inside.other.example");
    let records = vec![cname(&away, inside), a(inside, "192.168.1.1")];
    attacks.push(attack("alias in", &away, A, "192.168.1.1", records));
    attacks
}

/// The name whose address is this one.
fn of_address(text: &str) -> String {
    format!("x{}.other.example", text.replace(['.', ':'], "-"))
}

/// The plex.direct name of an address that is written with hyphens.
pub(super) fn plex(address: &str) -> String {
    format!("{address}.{ID}.plex.direct")
}

/// Names that must be answered, and their addresses.
fn good() -> [(String, u16, IpAddr); 3] {
    [
        ("192-168-1-10", A, "192.168.1.10"),
        ("10-0-0-5", A, "10.0.0.5"),
        ("fd00-0000-0000-0000-0000-0000-0000-0005", AAAA, "fd00::5"),
    ]
    .map(|(label, rtype, address)| (plex(label), rtype, address.parse().unwrap()))
}

/// A hostile Internet, and a lanward before it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) internet: Upstream,
    pub(super) lanward: Lanward,
    /// Knows names that the Internet does not, where lanward has a route to it.
    router: Option<Upstream>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with("", None)
    }

    /// With names that only lanward knows: a host, and routes to a router, into special-use names as well.
    pub(super) fn with_own_names() -> Self {
        let router = Upstream::start();
        let printer = Response::new(vec![a("printer.net.test", "192.168.1.30")]);
        router.on("printer.net.test", A, printer);
        let pointer = raw(POINTER, PTR, name("printer.net.test"));
        router.on(POINTER, PTR, Response::new(vec![pointer]));
        let more = format!(
            "[[host]]\nname = \"nas.home.arpa\"\naddresses = [\"192.168.1.20\"]\n\
             [[route]]\ndomains = [\"net.test\", \"1.168.192.in-addr.arpa\"]\nservers = [\"{}\"]\nprivate = true\n",
            router.address
        );
        Self::with(&more, Some(router))
    }

    /// With an exception for the name of the attack [`ALONE`], and none below it.
    pub(super) fn with_one_name_alone() -> Self {
        let more = format!(
            "[[rebinding.allow]]\ndomain = \"{}\"\nsubdomains = false\n",
            of_address(ALONE)
        );
        Self::with(&more, None)
    }

    fn with(more: &str, router: Option<Upstream>) -> Self {
        Self::of(internet(), more, router)
    }

    /// With another Internet, and this in lanward's configuration.
    pub(super) fn of(internet: Upstream, more: &str, router: Option<Upstream>) -> Self {
        let lanward = Lanward::start(&[internet.address], more);
        Self {
            internet,
            lanward,
            router,
        }
    }

    /// The Internet's address, which a program forwards everything to.
    pub(super) fn upstream(&self) -> SocketAddr {
        self.internet.address
    }

    /// What `lanward emit` prints for a target, with this lanward as the server and, unless there is another, its configuration; see [`emit`].
    pub(super) fn emit(&self, target: &str, mode: &str, more: &[&str]) -> String {
        let server = self.lanward.address.to_string();
        let file = self.lanward.file();
        let own = ["--config", file.to_str().unwrap()];
        let config = if more.contains(&"--config") {
            &[][..]
        } else {
            &own
        };
        let asked = [target, "--mode", mode, "--server", &server];
        emit(&[&asked, config, more].concat())
    }

    /// What `lanward emit` prints in static mode for a Plex server with two addresses, whose names [`World::assert_fixed`] asks for.
    pub(super) fn emit_fixed(&self, target: &str, more: &[&str]) -> String {
        let server = ["--plex", "192.168.1.10", "--plex", "fd00::5", "--id", ID];
        self.emit(target, "static", &[&server, more].concat())
    }

    /// Fails unless the plex.direct names have their addresses and public names pass, as with `allow`.
    pub(super) fn assert_allows(&self, peer: &Peer) {
        for (name, rtype, address) in good() {
            let reply = ask(peer, &name, rtype);
            assert_eq!(reply.addresses(), [address], "{name}: {}", reply.summary());
        }
        let reply = ask(peer, "public.example", A);
        let public: IpAddr = PUBLIC.parse().unwrap();
        assert_eq!(reply.addresses(), [public], "{}", reply.summary());
        assert!(self.internet.count("public.example") > 0);
    }

    /// Fails unless lanward answers the plex.direct names, also when the rest of the Internet is dead. The world has no Internet
    /// after that.
    pub(super) fn assert_forwards(self, peer: &Peer) {
        self.assert_allows(peer);
        for (name, ..) in good() {
            assert_eq!(self.internet.count(&name), 0, "lanward knows {name}");
        }
        self.internet.end();
        let name = plex("172-16-0-7");
        let reply = ask(peer, &name, A);
        let address: IpAddr = "172.16.0.7".parse().unwrap();
        assert_eq!(reply.addresses(), [address], "{}", reply.summary());
        drop(self.lanward);
    }

    /// Fails unless the name of [`World::with_one_name_alone`] has its address, and a name below it has none.
    pub(super) fn assert_one_name_alone(&self, peer: &Peer) {
        let name = of_address(ALONE);
        let inside: IpAddr = ALONE.parse().unwrap();
        let reply = ask(peer, &name, A);
        assert_eq!(reply.addresses(), [inside], "{name}: {}", reply.summary());
        assert!(self.internet.count(&name) > 0);
        let reply = ask(peer, &format!("below.{name}"), A);
        assert!(reply.addresses().is_empty(), "{}", reply.summary());
    }

    /// Fails unless the names of [`World::with_own_names`] come from lanward.
    pub(super) fn assert_knows_own_names(&self, peer: &Peer) {
        assert!(self.router.is_some(), "lanward has names of its own");
        for (name, address) in [
            ("nas.home.arpa", "192.168.1.20"),
            ("printer.net.test", "192.168.1.30"),
        ] {
            let reply = ask(peer, name, A);
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(reply.addresses(), [address], "{name}: {}", reply.summary());
        }
        let reply = ask(peer, POINTER, PTR);
        let pointers: Vec<String> = reply.answer.iter().map(|one| text(&one.rdata)).collect();
        assert_eq!(pointers, ["printer.net.test"], "{}", reply.summary());
        let seen = self.internet.seen();
        let asked: Vec<String> = seen.iter().map(Seen::name).collect();
        let left = asked
            .iter()
            .find(|name| name.ends_with("arpa") || name.ends_with("test"));
        assert_eq!(left, None, "what only lanward knows leaves the network");
    }

    /// Fails unless the two names of [`World::emit_fixed`] are answered without the Internet, have no other records, and leave
    /// the other names as they were. The world has no Internet after that.
    pub(super) fn assert_fixed(self, peer: &Peer) {
        for name in [plex(OUTSIDE), "public.example".to_owned()] {
            let reply = ask(peer, &name, A);
            let public: IpAddr = PUBLIC.parse().unwrap();
            assert_eq!(reply.addresses(), [public], "{name}: {}", reply.summary());
        }
        let [four, _, six] = good();
        let answered = || {
            for (name, rtype, address) in [&four, &six] {
                let reply = ask(peer, name, *rtype);
                assert_eq!(reply.addresses(), [*address], "{name}: {}", reply.summary());
                for other in [A, AAAA, HTTPS, TXT].into_iter().filter(|one| one != rtype) {
                    let reply = ask(peer, name, other);
                    let said = (reply.rcode(), reply.answer.len());
                    assert_eq!(said, (NOERROR, 0), "{name} {other}: {}", reply.summary());
                }
            }
        };
        let asked = || [&four.0, &six.0].map(|name| self.internet.count(name));
        let before = asked();
        answered();
        assert_eq!(asked(), before, "nobody is asked for the fixed names");
        self.internet.end();
        answered();
    }
}

/// Which attacks get through; the names in the order of the table.
pub(super) fn leaks(peer: &Peer) -> Vec<String> {
    let leaks = |attack: &Attack| {
        let reply = ask(peer, &attack.name, attack.rtype);
        reply.addresses().contains(&attack.inside)
    };
    let attacks = attacks().into_iter().filter(leaks);
    attacks.map(|attack| attack.id).collect()
}

/// Whether another site's alias to one of the names of [`World::emit_fixed`] leads to the server.
pub(super) fn leads_to_fixed(peer: &Peer) -> bool {
    let [(name, rtype, address), ..] = good();
    assert!(ask(peer, &name, rtype).addresses().contains(&address));
    let reply = ask(peer, TO_FIXED, rtype);
    reply.addresses().contains(&address)
}

/// All attacks that a program without protection lets through, which shows that the table attacks at all.
pub(super) fn all() -> Vec<String> {
    attacks().into_iter().map(|attack| attack.id).collect()
}

/// One question over UDP.
pub(super) fn ask(peer: &Peer, name: &str, rtype: u16) -> Reply {
    let client: Client = peer.client();
    client.udp(&Query::new(name, rtype))
}

/// Runs `lanward emit` and gives what it would write into a file: the text that people paste.
pub(super) fn emit(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snippet");
    let output = ["--output", file.to_str().unwrap()];
    let ran = run(&[&["emit"], arguments, &output].concat());
    assert_eq!(ran.code, Some(0), "emit {arguments:?}: {}", ran.complaints);
    std::fs::read_to_string(file).unwrap()
}

/// Every name has an address there: the attacks lead inside, plex.direct names to what stands in them, `public.example` to a public
/// address, and every other name inside as well; but there are no names below `test.dnscrypt`, with which dnscrypt-proxy looks for
/// servers that lie.
fn internet() -> Upstream {
    let upstream = Upstream::start();
    for attack in attacks() {
        let response = Response::new(attack.answer);
        upstream.on(&attack.name, attack.rtype, response);
    }
    for (name, rtype, address) in good() {
        let record = if rtype == AAAA {
            aaaa(&name, &address.to_string())
        } else {
            a(&name, &address.to_string())
        };
        upstream.on(&name, rtype, Response::new(vec![record]));
    }
    let [(fixed, _, address), ..] = good();
    let records = vec![cname(TO_FIXED, &fixed), a(&fixed, &address.to_string())];
    upstream.on(TO_FIXED, A, Response::new(records));
    // What aliases lead to is asked for by itself.
    for name in [plex("192-168-1-1"), "inside.other.example".to_owned()] {
        upstream.on(&name, A, Response::new(vec![a(&name, "192.168.1.1")]));
    }
    for name in [plex(OUTSIDE), "public.example".to_owned()] {
        upstream.on(&name, A, Response::new(vec![a(&name, PUBLIC)]));
    }
    upstream.otherwise(Behaviour::new(|seen| {
        let name = seen.name();
        let response = match seen.query.qtype {
            A => Response::new(vec![a(&name, "192.168.66.6")]),
            AAAA => Response::new(vec![aaaa(&name, "fd00::66:6")]),
            _ if name.ends_with("test.dnscrypt") => Response::nxdomain("."),
            _ => Response::nodata(&name),
        };
        vec![Act::Send(response.to(&seen.query))]
    }));
    upstream
}
