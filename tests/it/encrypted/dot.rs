//! DNS over TLS (RFC 7858).

use std::process::Command;

use super::House;
use crate::support::authority::NAME;
use crate::support::peers::installed;

/// kdig with what it needs to prove the server.
fn kdig(house: &House, arguments: &[&str]) -> String {
    let address = house.tls();
    let ca = house.authority.ca();
    let output = Command::new("kdig")
        .arg(format!("@{}", address.ip()))
        .args(["-d", "-p", &address.port().to_string(), "+tls"])
        .arg(format!("+tls-ca={}", ca.display()))
        .arg(format!("+tls-hostname={NAME}"))
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn kdig_gets_the_address_in_the_name_padded() {
    if !installed("kdig over TLS", "kdig", "knot-dnsutils") {
        return;
    }
    let house = House::open();
    let name = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct";
    let said = kdig(&house, &[name]);
    assert!(said.contains("192.168.1.10"), "{said}");
    assert!(said.contains("The certificate is trusted"), "{said}");
    assert!(said.contains("Received 468 B"), "{said}");
}
