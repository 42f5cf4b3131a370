//! Lease files as their servers write them, and who gets which name.

use super::*;

fn lease(hostname: &str, address: &str, since: Option<u64>, until: Option<u64>) -> Lease {
    Lease {
        hostname: hostname.to_owned(),
        address: address.parse().unwrap(),
        since,
        until,
    }
}

#[test]
fn each_format_is_read_as_its_server_writes_it() {
    let cases = [
        (
            Format::Dnsmasq,
            "1763550000 aa:bb:cc:dd:ee:01 192.168.1.10 nas 01:aa:bb:cc:dd:ee:01\n\
             0 aa:bb:cc:dd:ee:02 192.168.1.11 printer *\n\
             1763550000 aa:bb:cc:dd:ee:03 192.168.1.12 * *\n\
             duid 00:01:00:01:2a:bb\n\
             1763550000 12345678 fd00::10 nas 00:01:00:01:2a\n\
             half a li",
            vec![
                lease("nas", "192.168.1.10", None, Some(1_763_550_000)),
                lease("printer", "192.168.1.11", None, None),
                lease("nas", "fd00::10", None, Some(1_763_550_000)),
            ],
        ),
        (
            Format::Kea,
            "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n\
             192.168.1.10,aa:bb,01:aa,3600,1763550000,1,1,1,nas.,0,,0\n\
             192.168.1.11,aa:cc,,3600,1763550000,1,0,0,tv,0,,0\n\
             192.168.1.11,aa:cc,,0,1763550100,1,0,0,tv,0,,0\n\
             192.168.1.12,aa:dd,,4294967295,1763550000,1,0,0,ever,0,,0\n\
             192.168.1.13,aa:ee,,3600,1763550000,1,0,0,declined,1,,0\n",
            vec![
                lease(
                    "nas",
                    "192.168.1.10",
                    Some(1_763_546_400),
                    Some(1_763_550_000),
                ),
                lease("ever", "192.168.1.12", None, None),
            ],
        ),
        (
            Format::Isc,
            "# comment\nlease 192.168.1.10 {\n  starts 4 2026/11/19 10:30:00;\n  ends 4 2026/11/19 22:30:00;\n  binding state active;\n  \
             hardware ethernet aa:bb:cc:dd:ee:01;\n  client-hostname \"nas\";\n}\n\
             lease 192.168.1.11 {\n  starts epoch 1763548200; # Wed\n  ends never;\n  binding state active;\n  client-hostname \"tv\";\n}\n\
             lease 192.168.1.10 {\n  starts 4 2026/11/19 10:40:00;\n  ends 4 2026/11/19 10:41:00;\n  binding state free;\n}\n",
            vec![lease("tv", "192.168.1.11", Some(1_763_548_200), None)],
        ),
        (
            Format::Odhcpd,
            "# br-lan 000100012abb 1 nas 1763550000 10 128 fd00::10/128 2001:db8::10/128\nfd00::10\tnas.lan\tnas\n\
             # br-lan aabbccddee01 192.168.1.10 - -1 a 32 192.168.1.10/32\n",
            vec![
                lease("nas", "fd00::10", None, Some(1_763_550_000)),
                lease("nas", "2001:db8::10", None, Some(1_763_550_000)),
            ],
        ),
    ];
    for (format, text, expected) in cases {
        assert_eq!(read(format, text), expected, "{format:?}");
        // The server may be writing: whatever stands there yet must be readable.
        for end in 0..text.len() {
            read(format, text.get(..end).unwrap());
        }
    }
}

#[test]
fn dates_are_counted_from_1970() {
    for (date, time, expected) in [
        ([1970, 1, 1], [0, 0, 0], 0),
        ([2000, 2, 29], [12, 0, 0], 951_825_600),
        ([2026, 11, 19], [10, 30, 0], 1_795_084_200),
    ] {
        assert_eq!(time::seconds(date, time), expected, "{date:?}");
    }
}

#[test]
fn a_lease_takes_no_name_that_is_not_free() {
    let domain: Name = "lan".parse().unwrap();
    let router: Name = "router.lan".parse().unwrap();
    let leases = [
        lease("nas", "192.168.1.20", Some(200), None),
        lease("nas", "192.168.1.10", Some(100), None),
        lease("NAS.evil.example", "fd00::10", Some(300), None),
        lease("router", "192.168.1.30", None, None),
        lease("-bad", "192.168.1.31", None, None),
        lease("a b", "192.168.1.32", None, None),
        lease("12", "192.168.1.33", None, None),
        lease("gone", "192.168.1.34", None, Some(999)),
    ];
    let names = give_names(&leases, &domain, 1000, &Names::default(), |name| {
        *name == router
    });
    let nas: Name = "nas.lan".parse().unwrap();
    let held =
        |addresses: [&str; 2]| vec![(nas, addresses.map(|text| text.parse().unwrap()).to_vec())];
    assert_eq!(names.given, held(["192.168.1.10", "fd00::10"]));
    let refused: Vec<(&str, &Refusal)> = names
        .refused
        .iter()
        .map(|(name, _, why)| (name.as_str(), why))
        .collect();
    let first = Refusal::Held("192.168.1.10".parse().unwrap());
    assert_eq!(
        refused,
        [
            ("nas", &first),
            ("router", &Refusal::Taken),
            ("-bad", &Refusal::NoHostname),
            ("a b", &Refusal::NoHostname),
            ("12", &Refusal::NoHostname),
        ]
    );

    // Whoever had the name keeps it, whatever the next file says about times.
    let later = [
        lease("nas", "192.168.1.66", Some(1), None),
        lease("nas", "192.168.1.10", Some(500), None),
    ];
    let next = give_names(&later, &domain, 1000, &names, |_| false);
    assert_eq!(next.given, [(nas, vec!["192.168.1.10".parse().unwrap()])]);
}
