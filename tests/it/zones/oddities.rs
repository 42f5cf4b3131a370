//! A small zone of everything that servers have answered wrongly, and a large one of ordinary names.

use super::rows::{Row, row};
use crate::support::Dice;

pub(crate) const ODD: &str = "odd.test";
pub(crate) const LARGE: &str = "large.test";

const ROWS: &str = r#"
@ SOA ns1 host.master 1 3600 600 86400 120
@ NS ns1
@ NS ns2.cut
@ NS ns.elsewhere.example.
@ MX 10 mail
@ MX 20 a.w
@ TXT "apex"
@ A 192.0.2.1
ns1 A 192.0.2.2
ns1 AAAA 2001:db8::2
mail A 192.0.2.3
mail A 192.0.2.4
mail AAAA 2001:db8::3
a A 192.0.2.5
a TXT "one" "two"
a HINFO "cpu" "os"
ent.deep.down.here TXT "deep"
*.w A 192.0.2.10
*.w MX 5 mail
*.w TXT "w"
host.w A 192.0.2.11
sub.ent.w TXT "hides"
*.b.w TXT "b"
x.b.w A 192.0.2.12
*.c.b.w AAAA 2001:db8::12
y.*.w TXT "below"
*.*.w2 TXT "twice"
*.ent.*.w3 TXT "hollow"
*.al CNAME a
*.chain CNAME x.al
*.self CNAME x.self
*.gone CNAME nothing
*.away CNAME www.elsewhere.example.
*.srv SRV 1 2 80 a.w
*.dn.w CNAME x.dname
c1 CNAME a
c2 CNAME c1
cnx CNAME nothing.at.all
cnd CNAME ent.deep.down.here
cent CNAME down.here
cout CNAME www.elsewhere.example.
capex CNAME @
ccut CNAME www.cut
ccutns CNAME ns.cut
cw CNAME any.thing.w
cwn CNAME q.b.w
cdn CNAME a.b.dname
cself CNAME cself
cloop1 CNAME cloop2
cloop2 CNAME cloop1
dname DNAME here
dname TXT "has-data"
dname A 192.0.2.20
dw DNAME w
dd DNAME dname
dout DNAME elsewhere.example.
dcut DNAME cut
dloop DNAME dloop
dgrow DNAME x.dgrow
dnx DNAME nothing.at.all
dlong DNAME aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
cut NS ns.cut
cut NS ns2.cut
cut NS ns1
cut NS ns.elsewhere.example.
ns.cut A 192.0.2.30
ns.cut AAAA 2001:db8::30
ns2.cut A 192.0.2.31
www.cut A 192.0.2.32
inner.cut NS ns.inner.cut
ns.inner.cut A 192.0.2.33
*.cut TXT "occluded"
dn.cut DNAME here
safe NS ns.cut
safe NS ns.safe
safe DS 1 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.safe AAAA 2001:db8::34
bare NS ns.elsewhere.example.
far.bare.ent NS ns.nothing
far2.bare.ent NS a.w
mx MX 1 mail
mx MX 2 ns.cut
mx MX 3 q.w
mx MX 4 c1
mx MX 5 www.elsewhere.example.
mx MX 6 x.dname
nullmx MX 0 .
srv SRV 0 0 443 mail
srv SRV 0 0 443 a
srv SRV 0 0 443 .
https HTTPS 1 .
https A 192.0.2.40
https AAAA 2001:db8::40
https2 HTTPS 0 mail
svcb SVCB 1 a
ptr PTR a
kx KX 1 mail
afsdb AFSDB 1 mail
rp RP mail a
unknown TYPE65280 \# 5 0102030405
unknown TYPE731 \# 0
unknown A 192.0.2.50
caa CAA \# 9 000569737375653b3b
naptr NAPTR \# 17 00010002017503783a7900046d61696c00
a\.b A 192.0.2.60
\000\001\255 A 192.0.2.61
sp\032ace TXT "blank"
\@ TXT "at"
q\"uo\;te TXT "quote"
\*.star TXT "not-a-wildcard-by-spelling-alone"
UPPER.Case TXT "letters"
under_score A 192.0.2.62
xn--bcher-kva A 192.0.2.63
"#;

/// The zone of oddities.
pub(crate) fn odd() -> Vec<Row> {
    let mut rows: Vec<Row> = ROWS.trim().lines().map(|line| row(ODD, line)).collect();
    let mut add = |line: String| rows.push(row(ODD, &line));
    // Chains of 3 to 30 aliases, each with an address at its end.
    for length in [3, 5, 9, 10, 11, 12, 13, 16, 20, 30] {
        for step in 1..length {
            add(format!(
                "{step}.chain{length} CNAME {}.chain{length}",
                step + 1
            ));
        }
        add(format!("{length}.chain{length} A 192.0.2.{length}"));
    }
    // DNAME after DNAME.
    for step in 1..8 {
        add(format!("hop{step} DNAME hop{}", step + 1));
    }
    add("x.hop8 A 192.0.2.70".to_owned());
    // Names of the greatest length, in few labels and in many.
    let label = "l".repeat(63);
    add(format!(
        "{}.{label}.{label}.{label} A 192.0.2.71",
        "k".repeat(51)
    ));
    add(format!(
        "{}.{label}.{label}.{label} CNAME a",
        "j".repeat(51)
    ));
    add(format!("{}end A 192.0.2.72", "i.".repeat(120)));
    // Sets that do not fit a datagram.
    for n in 0..90 {
        add(format!("many A 198.51.100.{n}"));
        add(format!("much TXT \"{n}-{}\"", "t".repeat(60)));
    }
    for n in 0..30 {
        add(format!("mxs MX {n} m{n}.hosts"));
        add(format!("m{n}.hosts A 203.0.113.{n}"));
        add(format!("m{n}.hosts AAAA 2001:db8:1::{n}"));
    }
    rows
}

/// The zone of 100,000 names.
pub(crate) fn large() -> Vec<Row> {
    let apex = [
        "@ SOA ns1 host.master 1 3600 600 86400 120",
        "@ NS ns1",
        "ns1 A 192.0.2.1",
    ];
    let mut rows: Vec<Row> = apex.map(|line| row(LARGE, line)).into();
    for n in 0..100_000_u32 {
        let [_, a, b, c] = n.to_be_bytes();
        let owner = format!("host{n}.floor{}.site{}", n % 40, n % 7);
        let line = match n % 10 {
            0 => format!("{owner} AAAA 2001:db8::{:x}:{:x}", n >> 16, n & 0xffff),
            1 => format!(
                "{owner} CNAME host{}.floor{}.site{}",
                n / 2,
                n / 2 % 40,
                n / 2 % 7
            ),
            2 => format!("{owner} TXT \"{n}\""),
            3 if n % 1000 == 3 => format!("{owner} NS ns.{owner}"),
            4 if n % 500 == 4 => format!("*.{owner} A 10.{a}.{b}.{c}"),
            _ => format!("{owner} A 10.{a}.{b}.{c}"),
        };
        rows.push(row(LARGE, &line));
    }
    rows
}

/// A name to ask for: one that is there, or one beside, above or below it, or one made up.
pub(crate) fn pick(rows: &[Row], origin: &str, dice: &mut Dice) -> String {
    let owner = dice.pick(rows).owner.clone();
    let rest = owner
        .split_once('.')
        .map_or("", |(_, rest)| rest)
        .to_owned();
    let word = *dice.pick(&[
        "x", "q", "*", "nothing", "a", "b", "www", "ent", "Mixed", r"\.", r"\000", "www.cut",
        "c.b", "1",
    ]);
    let asked = match dice.below(10) {
        0..=3 => owner,
        4 => format!("{word}.{owner}"),
        5 => format!("{word}.{}.{owner}", dice.pick(&["y", "*", "z"])),
        6 if rest.ends_with(&format!("{origin}.")) => format!("{word}.{rest}"),
        7 if rest.ends_with(&format!("{origin}.")) => rest,
        8 => format!("{}.{owner}", "n".repeat(dice.below(63) + 1)),
        _ => format!("{word}.{origin}."),
    };
    if crate::support::wire::name(&asked).len() > 255 {
        format!("{word}.{origin}.")
    } else {
        asked
    }
}
