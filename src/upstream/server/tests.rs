//! How servers may be written, and what is said of what they may not.

use super::*;

fn shown(text: &str) -> String {
    text.parse::<Server>()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .to_string()
}

#[test]
fn servers_are_written_as_addresses() {
    let cases = [
        ("9.9.9.9", "9.9.9.9:53"),
        ("udp://192.168.1.1:5353", "192.168.1.1:5353"),
        ("tcp://[2620:fe::fe]:54", "tcp://[2620:fe::fe]:54"),
        ("2620:fe::fe", "[2620:fe::fe]:53"),
        ("[2620:fe::fe]", "[2620:fe::fe]:53"),
        ("[fe80::1%7]:54", "[fe80::1%7]:54"),
        ("fe80::1%7", "[fe80::1%7]:53"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text}");
    }
}
