//! `[server.tls]` read again.

use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::version::TLS13;

use super::{House, own, section};
use crate::support::authority::Authority;
use crate::support::caller::{Caller, Door};
use crate::support::client::PATIENCE;
use crate::support::dot::{Dot, believing, forgetful};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::Query;

/// What a reload that was not possible says.
const REFUSED: &str = "not reloaded: the settings from before hold";

fn config(authorities: &[&Authority]) -> Arc<ClientConfig> {
    forgetful(believing(authorities, &[&TLS13]))
}

/// The certificate at the door for DNS over TLS.
fn shown(house: &House, config: &Arc<ClientConfig>) -> CertificateDer<'static> {
    Dot::connect(house.tls(), config).unwrap().shown()
}

#[test]
fn another_certificate_is_shown_at_once_and_connections_stay() {
    let (house, second) = (House::open(), Authority::new());
    let config = config(&[&house.authority, &second]);
    let mut kept = Dot::connect(house.tls(), &config).unwrap();
    house
        .lanward
        .reload(&[house.upstream.address], &section(&second));
    assert_eq!(shown(&house, &config), *second.certificate());
    let reply = kept.ask(&Query::new("localhost", A)).unwrap();
    assert_eq!(reply.answer.len(), 1);
    // A name that it does not bear changes nothing.
    let third = Authority::new();
    let other = section(&third).replace("dns.example", "dns.other.example");
    house.lanward.reload(&[house.upstream.address], &other);
    house
        .lanward
        .line(&[REFUSED, "name: dns.other.example is not in the certificate"]);
    assert_eq!(shown(&house, &config), *second.certificate());
    // Nor does a key that belongs to another.
    let [_, key] = third.files();
    let [_, others] = second.files();
    fs::copy(others, key).unwrap();
    house
        .lanward
        .reload(&[house.upstream.address], &section(&third));
    house
        .lanward
        .line(&[REFUSED, "key.pem is not the key of the certificate in"]);
    assert_eq!(shown(&house, &config), *second.certificate());
    assert_eq!(house.lanward.logged("take effect at the next start"), 0);
}

#[test]
fn files_give_way_to_a_certificate_of_ones_own_and_back() {
    let house = House::open();
    let folder = tempfile::tempdir().unwrap();
    let config = config(&[&house.authority]);
    house
        .lanward
        .reload(&[house.upstream.address], &own(folder.path(), ""));
    house.lanward.line(&["own certificate made"]);
    assert!(
        Dot::connect(house.tls(), &config).is_err(),
        "nobody vouches for it"
    );
    // Its folder cannot be used: then nothing changes.
    let file = folder.path().join("certificate.pem");
    house
        .lanward
        .reload(&[house.upstream.address], &own(&file, ""));
    house
        .lanward
        .line(&[REFUSED, "certificate.pem cannot be used: "]);
    house
        .lanward
        .reload(&[house.upstream.address], &section(&house.authority));
    assert_eq!(shown(&house, &config), *house.authority.certificate());
}

#[test]
fn other_doors_wait_for_the_next_start() {
    let words = "changed doors or path in [server.tls] take effect at the next start";
    let house = House::open();
    let config = config(&[&house.authority]);
    let with = section(&house.authority);
    for (number, changed) in [
        with.replace("tls = [\"127.0.0.1:0\"]", "tls = [\"127.0.0.2:0\"]"),
        with.replace(
            "tls = [\"127.0.0.1:0\"]",
            "tls = [\"127.0.0.1:0\", \"127.0.0.2:0\"]",
        ),
        with.clone() + "path = \"/other\"\n",
        String::new(),
    ]
    .into_iter()
    .enumerate()
    {
        house.lanward.reload(&[house.upstream.address], &changed);
        assert_eq!(house.lanward.logged(words), number + 1, "{changed}");
        assert_eq!(shown(&house, &config), *house.authority.certificate());
    }
    house.lanward.reload(&[house.upstream.address], &with);
    assert_eq!(house.lanward.logged(words), 4);
    assert_eq!(house.lanward.logged(REFUSED), 0);

    let upstream = Upstream::start();
    let plain = Lanward::start(&[upstream.address], "");
    plain.reload(&[upstream.address], &with);
    assert_eq!(plain.logged(words), 1);
    assert_eq!(plain.logged("DNS over TLS"), 0);
}

#[test]
fn without_its_section_the_certificate_that_is_shown_stays() {
    let (house, second) = (House::open(), Authority::new());
    let config = config(&[&house.authority, &second]);
    for (new, old) in second.files().iter().zip(house.authority.files()) {
        fs::copy(new, old).unwrap();
    }
    house.lanward.line(&["certificate reloaded"]);
    // Whoever gives the doors up may take the files away, too.
    for file in house.authority.files() {
        fs::remove_file(file).unwrap();
    }
    house.lanward.reload(&[house.upstream.address], "");
    assert_eq!(shown(&house, &config), *second.certificate());
}

#[test]
fn who_may_not_ask_any_more_is_not_answered_on_old_connections() {
    let authority = Authority::new();
    let config = |allow: &str| {
        format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [{allow:?}]\n[upstream]\nservers = [\"127.0.0.1:1\"]\n{}",
            section(&authority)
        )
    };
    let lanward = Lanward::configured(&config("127.0.0.0/29"));
    let guest = Ipv4Addr::new(127, 0, 0, 5);
    let query = Query::new("localhost", A);
    let mut tcp = lanward.client().from(guest).connect();
    let callers = [Door::Tls, Door::Https]
        .map(|door| Caller::connect(door, door.of(&lanward), &authority, guest));
    let mut ask_all = || {
        tcp.send(&query.bytes());
        let plain = tcp.receive(PATIENCE).is_some();
        let sealed = callers.each_ref().map(|caller| caller.ask(&query.bytes()));
        [plain, sealed[0].is_ok(), sealed[1].is_ok()]
    };
    assert_eq!(ask_all(), [true; 3]);
    fs::write(lanward.file(), config("127.0.0.0/30")).unwrap();
    lanward.signal("-HUP");
    assert!(until(PATIENCE, || lanward.logged("reloaded") > 0));
    assert_eq!(ask_all(), [false; 3]);
    lanward.client().udp(&query);
}
