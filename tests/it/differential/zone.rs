//! A zone of oddities, and the names to ask about it.

use crate::support::Dice;
use crate::support::wire::{name, text};

pub(super) const ORIGIN: &str = "odd.example";

/// Everything that a zone file may hold and that resolvers have stumbled over. All addresses are public.
pub(super) fn zone() -> String {
    let zone = String::from(
        r#"$ORIGIN odd.example.
$TTL 300
@ SOA ns host 1 3600 600 86400 300
@ NS ns
@ MX 10 mail
@ MX 5 mail.other.example.
@ TXT "apex"
@ CAA 0 issue "ca.example"
ns A 93.184.216.1
mail A 93.184.216.2
mail AAAA 2606:4700::2
; wildcards, one under the other, and a name that hides one
*.wild A 93.184.216.3
*.wild TXT "from the wildcard"
known.wild AAAA 2606:4700::3
a.b.wild A 93.184.216.4
*.alias CNAME mail
; empty non-terminals
x.y.z.empty A 93.184.216.5
; chains
c1 CNAME c2
c2 CNAME c3
c3 CNAME C4
c4 A 93.184.216.6
c4 AAAA 2606:4700::6
tonothing CNAME missing
tonodata CNAME onlytext
onlytext TXT "no address here"
towild CNAME any.thing.wild
sub DNAME wild
; many types
www HTTPS 1 . alpn=h2,h3 ipv4hint=93.184.216.7 ipv6hint=2606:4700::7
svc SVCB 2 www port=8443
_x._tcp SRV 0 5 443 mail
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .
host SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_443._tcp TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
hinfo HINFO "CPU" "OS"
unknown TYPE65280 \# 4 deadbeef
unknown TYPE65281 \# 0
rp RP host.odd.example. onlytext.odd.example.
; labels that are not letters
dot\.ted A 93.184.216.8
spa\032ce A 93.184.216.9
nul\000nul A 93.184.216.10
high\255\200 A 93.184.216.11
back\\slash A 93.184.216.12
_under A 93.184.216.13
UpperCase A 93.184.216.14
"#,
    );
    let string = |letter: char| format!("\"{}\"", letter.to_string().repeat(250));
    let strings = |letters: &str| letters.chars().map(string).collect::<Vec<_>>().join(" ");
    let mut lines = vec![format!("{} A 93.184.216.15", long())];
    for (name, letters) in [
        ("fits", "ab"),
        ("big", "abcdefgh"),
        ("huge", "abcdefghijklmnopqrstuvwxyz"),
    ] {
        lines.push(format!("{name} TXT {}", strings(letters)));
    }
    lines.extend((1..=120).map(|host| format!("many A 93.184.217.{host}")));
    lines.extend((1..=3).map(|host| format!("few A 93.184.217.{host}")));
    zone + &lines.join("\n") + "\n"
}

/// Labels that bring the name close to the 255 octets it may have.
fn long() -> String {
    let label = |letter: &str, length| letter.repeat(length);
    [
        label("a", 63),
        label("b", 63),
        label("c", 63),
        label("d", 46),
    ]
    .join(".")
}

const NAMES: &[&str] = &[
    "",
    "ns",
    "mail",
    "x.wild",
    "x.y.wild",
    "known.wild",
    "x.known.wild",
    "b.wild",
    "a.b.wild",
    "wild",
    "*.wild",
    "q.alias",
    "empty",
    "z.empty",
    "y.z.empty",
    "x.y.z.empty",
    "c1",
    "c2",
    "c3",
    "c4",
    "tonothing",
    "tonodata",
    "onlytext",
    "towild",
    "sub",
    "x.sub",
    "a.b.sub",
    "known.sub",
    "www",
    "svc",
    "_x._tcp",
    "_tcp",
    "naptr",
    "host",
    "_443._tcp",
    "loc",
    "hinfo",
    "unknown",
    "rp",
    r"dot\.ted",
    "dot.ted",
    r"spa\032ce",
    r"nul\000nul",
    r"high\255\200",
    r"back\\slash",
    "_under",
    "uppercase",
    "fits",
    "big",
    "huge",
    "many",
    "few",
    "missing",
    "x.missing",
    "x.ns",
];

/// A name of the zone or beside one, in letters of any case.
pub(super) fn pick(dice: &mut Dice) -> String {
    let label = match dice.below(20) {
        0 => long(),
        1 => format!("n{}", dice.below(2000)),
        2 => format!("n{}.wild", dice.below(500)),
        3 => format!("n{}.{}", dice.below(50), dice.pick(NAMES)),
        _ => (*dice.pick(NAMES)).to_owned(),
    };
    let whole = if label.is_empty() {
        ORIGIN.to_owned()
    } else {
        format!("{label}.{ORIGIN}")
    };
    assert!(name(&whole).len() <= 255, "{}", text(&name(&whole)));
    let letter = |c: char| {
        if dice.below(4) == 0 {
            c.to_ascii_uppercase()
        } else {
            c
        }
    };
    whole.chars().map(letter).collect()
}
