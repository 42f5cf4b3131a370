//! A small DNS of its own: a signed root, a top-level domain, and zones below it that are signed well, badly or not at all.
//!
//! Debian's tools sign the zones while the test runs, so that nothing expires; NSD serves them, and Unbound resolves from there.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use super::trap;
use crate::support::client::Client;
use crate::support::lanward::Lanward;
use crate::support::peers::{self, Peer};
use crate::support::upstream::{Act, Behaviour, Upstream};

/// What the tests here need.
const PROGRAMS: [(&str, &str); 5] = [
    ("dnssec-signzone", "bind9-utils"),
    ("dnssec-keygen", "bind9-utils"),
    ("ldns-signzone", "ldnsutils"),
    ("nsd", "nsd"),
    ("unbound", "unbound"),
];

/// Zones with NSEC3 records take these options.
const HASHED: &[&str] = &["-3", "-"];

/// What becomes of a line of a signed zone.
type Change = fn(&str) -> Option<String>;

/// The zones, and who serves them.
pub(crate) struct World {
    /// Serves the zones.
    nsd: Peer,
    /// Resolves, and leaves the judgement to who asks.
    pub(crate) resolver: Peer,
    /// Holds the anchor, a DS record of the root.
    folder: TempDir,
}

impl World {
    /// Signs and serves all zones; none if a program is missing.
    pub(crate) fn start(test: &str) -> Option<Self> {
        if !PROGRAMS
            .iter()
            .all(|(program, package)| peers::installed(test, program, package))
        {
            return None;
        }
        let Signed { zones, anchor } = signed();
        let nsd = peers::nsd_of(zones);
        let resolver = peers::unbound_from(nsd.address, zones, None);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("anchor"), anchor).unwrap();
        Some(Self {
            nsd,
            resolver,
            folder,
        })
    }

    /// A resolver that judges by itself: Unbound, with the same anchor.
    pub(crate) fn judge(&self) -> Peer {
        let Signed { zones, anchor } = signed();
        peers::unbound_from(self.nsd.address, zones, Some(anchor))
    }

    /// An upstream that asks the resolver, changes its answers, and writes down what it was asked.
    pub(crate) fn relay(
        &self,
        change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
    ) -> Upstream {
        let resolver = self.resolver.client();
        let upstream = Upstream::start();
        upstream.otherwise(Behaviour::new(move |seen| {
            let answer = pass_on(resolver, &seen.bytes, seen.tcp);
            answer
                .map(|answer| Act::Send(change(answer)))
                .into_iter()
                .collect()
        }));
        upstream
    }

    /// An upstream that asks as if DNSSEC did not exist.
    pub(crate) fn without_signatures(&self) -> Upstream {
        let resolver = self.resolver.client();
        let upstream = Upstream::start();
        upstream.otherwise(Behaviour::new(move |seen| {
            let question = seen.query.clone().edns(|edns| edns.dnssec = false);
            let answer = pass_on(resolver, &question.bytes(), seen.tcp);
            answer.map(Act::Send).into_iter().collect()
        }));
        upstream
    }

    /// The path of the anchor's file.
    pub(crate) fn anchor(&self) -> PathBuf {
        self.folder.path().join("anchor")
    }

    /// The program, judging what the resolver says.
    pub(crate) fn lanward(&self, more: &str) -> Lanward {
        self.lanward_of(&[self.resolver.address], more)
    }

    /// The program, judging what these say.
    pub(crate) fn lanward_of(&self, upstreams: &[SocketAddr], more: &str) -> Lanward {
        let anchor = self.anchor();
        let validate = validating(&format!("trust_anchor = \"{}\"\n{more}", anchor.display()));
        Lanward::start(upstreams, &validate)
    }
}

fn pass_on(resolver: Client, question: &[u8], tcp: bool) -> Option<Vec<u8>> {
    let patience = Duration::from_secs(2);
    if !tcp {
        return resolver.try_udp(question, patience);
    }
    let mut stream = resolver.try_connect()?;
    stream.send(question);
    stream.receive(patience)
}

/// The end of a configuration that begins with `[upstream]`: validation on, with more of that section and what follows it.
pub(crate) fn validating(more: &str) -> String {
    let (section, rest) = more.split_at(
        more.find('[')
            .filter(|at| more[..*at].ends_with('\n'))
            .unwrap_or(more.len()),
    );
    format!("dnssec = \"validate\"\n{section}[log]\nformat = \"json\"\nlevel = \"info\"\n{rest}")
}

/// Keys and signatures, by Debian's tools.
pub(crate) struct Signer {
    folder: TempDir,
}

impl Signer {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A key that signs keys and all else; returns its file's name without the ending.
    pub(crate) fn key(&self, zone: &str, algorithm: &str) -> String {
        let run = self.run("dnssec-keygen", &["-q", "-a", algorithm, "-f", "KSK", zone]);
        run.trim().to_owned()
    }

    /// The DS record of a key.
    pub(crate) fn ds(&self, key: &str) -> String {
        self.run("dnssec-dsfromkey", &["-2", key])
    }

    /// The zone, signed: a record in a line.
    pub(crate) fn sign(&self, zone: &str, records: &str, key: &str, options: &[&str]) -> String {
        let public = fs::read_to_string(self.path(&format!("{key}.key"))).unwrap();
        fs::write(self.path("unsigned"), format!("{records}{public}")).unwrap();
        let mut arguments = vec!["-z", "-P", "-O", "full", "-o", zone, "-f", "signed"];
        arguments.extend(options);
        arguments.extend(["unsigned", key]);
        self.run("dnssec-signzone", &arguments);
        fs::read_to_string(self.path("signed")).unwrap()
    }

    /// The zone with NSEC3 records of so many iterations, more than BIND's tool would make.
    fn sign_slowly(&self, zone: &str, records: &str, key: &str, iterations: &str) -> String {
        fs::write(self.path("unsigned"), records).unwrap();
        let options = [
            "-n", "-t", iterations, "-o", zone, "-f", "signed", "unsigned", key,
        ];
        self.run("ldns-signzone", &options);
        fs::read_to_string(self.path("signed")).unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let run = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8(run.stdout).unwrap()
    }
}

/// The records of a zone before it is signed.
fn records(zone: &str, more: &str) -> String {
    format!(
        "$ORIGIN {zone}\n$TTL 300\n@ SOA ns h 1 3600 600 86400 300\n@ NS ns.{dotted}\nns.{dotted} A 127.0.0.1\n{more}",
        dotted = if zone == "." { "" } else { zone },
    )
}

/// What every zone below the top-level domain holds.
const COMMON: &str = "www A 198.51.100.1\nwww AAAA 2001:db8::1\nwww TXT \"some\" \"Text\"\nwww SRV 0 0 80 WWW\nwww TYPE65280 \\# 3 010203\n\
                      mx MX 10 WWW\n*.wild A 198.51.100.2\nreal.wild A 198.51.100.9\na.b.ent A 198.51.100.3\nalias CNAME www.nsec3.net.\ninside CNAME www\n\
                      plain CNAME www.plain.net.\ngone CNAME nothing.nsec3.net.\nempty CNAME mx.nsec.net.\n*.walias CNAME www.nsec3.net.\n\
                      badly CNAME www.forged.net.\nhome A 192.168.1.1\ntree DNAME nsec3.net.\nchild NS ns.plain.net.\n";

/// All zones.
struct Signed {
    /// Each with its origin, the root first.
    zones: Vec<(String, String)>,
    /// A DS record of the root.
    anchor: String,
}

/// The zones, signed once for all tests of a process.
fn signed() -> &'static Signed {
    static SIGNED: OnceLock<Signed> = OnceLock::new();
    SIGNED.get_or_init(|| sign(&Signer::new()))
}

fn sign(signer: &Signer) -> Signed {
    let mut zones = Vec::new();
    let mut delegations = String::new();
    let mut add = |name: &str, text: String, ds: &str| {
        write!(
            delegations,
            "{name}. NS ns.{name}.\nns.{name}. A 127.0.0.1\n{ds}"
        )
        .unwrap();
        zones.push((format!("{name}."), text));
    };
    let common = |name: &str| records(&format!("{name}."), COMMON);
    let well: [(&str, &str, &[&str]); 6] = [
        ("nsec.net", "ECDSAP256SHA256", &[]),
        ("nsec3.net", "ECDSAP256SHA256", HASHED),
        (
            "salted.net",
            "ECDSAP256SHA256",
            &["-3", "aabbccdd", "-H", "20"],
        ),
        ("rsa.net", "RSASHA256", &[]),
        ("p384.net", "ECDSAP384SHA384", HASHED),
        ("edwards.net", "ED25519", &[]),
    ];
    for (name, algorithm, options) in well {
        let key = signer.key(name, algorithm);
        let text = signer.sign(name, &common(name), &key, options);
        add(name, text, &signer.ds(&key));
    }
    let long_ago: &[&str] = &["-s", "20200101000000", "-e", "20200201000000"];
    let some_day: &[&str] = &["-s", "+31536000", "-e", "+63072000"];
    for (name, options) in [("expired.net", long_ago), ("future.net", some_day)] {
        let key = signer.key(name, "ECDSAP256SHA256");
        let text = signer.sign(name, &common(name), &key, options);
        add(name, text, &signer.ds(&key));
    }
    // Where a line is missing or changed, and whether its zone has NSEC3 records.
    let changed: [(&str, &[&str], Change); 5] = [
        ("forged.net", &[], |line| {
            Some(line.replace("198.51.100.1", "198.51.100.66"))
        }),
        ("unsigned.net", &[], |line| {
            (!line.contains("\tA 13 ")).then(|| line.to_owned())
        }),
        ("unproven.net", &[], |line| {
            let denies = line.contains("IN NSEC\t") || line.contains("RRSIG\tNSEC ");
            (!denies).then(|| line.to_owned())
        }),
        ("unproven3.net", HASHED, |line| {
            let denies = line.contains("IN NSEC3\t") || line.contains("RRSIG\tNSEC3 ");
            (!denies).then(|| line.to_owned())
        }),
        ("keyless.net", &[], |line| {
            (!line.contains("RRSIG\tDNSKEY ")).then(|| line.to_owned())
        }),
    ];
    for (name, options, change) in changed {
        let key = signer.key(name, "ECDSAP256SHA256");
        let text = signer.sign(name, &common(name), &key, options);
        let lines: Vec<String> = text.lines().filter_map(change).collect();
        add(name, lines.join("\n") + "\n", &signer.ds(&key));
    }
    for (name, iterations) in [("slow.net", "500"), ("slower.net", "600")] {
        let key = signer.key(name, "ECDSAP256SHA256");
        let text = signer.sign_slowly(name, &common(name), &key, iterations);
        add(name, text, &signer.ds(&key));
    }
    let key = signer.key("trap.net", "ECDSAP256SHA256");
    let text = signer.sign("trap.net", &(common("trap.net") + &trap::keys()), &key, &[]);
    add(
        "trap.net",
        trap::sign(&text, "www.trap.net."),
        &signer.ds(&key),
    );
    let key = signer.key("snare.net", "ECDSAP256SHA256");
    let text = signer.sign(
        "snare.net",
        &(common("snare.net") + &trap::keys()),
        &key,
        &[],
    );
    add("snare.net", text, &trap::digests("snare.net."));
    let [used, other] = [(); 2].map(|()| signer.key("otherkey.net", "ECDSAP256SHA256"));
    let text = signer.sign("otherkey.net", &common("otherkey.net"), &used, &[]);
    add("otherkey.net", text, &signer.ds(&other));
    let key = signer.key("stripped.net", "ECDSAP256SHA256");
    let text = signer.sign("stripped.net", &common("stripped.net"), &key, &[]);
    add("stripped.net", text, &signer.ds(&key));
    let corp = "corp NS ns.corp\nns.corp A 127.0.0.1\n";
    add("plain.net", common("plain.net") + corp, "");
    let unknown = "unknown.net. DS 12345 200 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\n";
    add("unknown.net", common("unknown.net"), unknown);

    // Signed, below one that is not.
    let key = signer.key("corp.plain.net", "ECDSAP256SHA256");
    let text = signer.sign("corp.plain.net", &common("corp.plain.net"), &key, &[]);
    zones.push(("corp.plain.net.".to_owned(), text));

    let key = signer.key("net", "ECDSAP256SHA256");
    let net = records("net.", &delegations);
    let text = signer.sign("net", &net, &key, &["-3", "-", "-A"]);
    let is_stripped = |line: &&str| {
        line.starts_with("stripped.net.")
            && (line.contains("IN DS\t") || line.contains("RRSIG\tDS "))
    };
    let kept: Vec<&str> = text.lines().filter(|line| !is_stripped(line)).collect();
    zones.push(("net.".to_owned(), kept.join("\n") + "\n"));

    let ds = signer.ds(&key);
    let key = signer.key(".", "ECDSAP256SHA256");
    let root = records(".", &format!("net. NS ns.net.\nns.net. A 127.0.0.1\n{ds}"));
    let text = signer.sign(".", &root, &key, &[]);
    zones.insert(0, (".".to_owned(), text));
    let anchor = signer.ds(&key);
    Signed { zones, anchor }
}
