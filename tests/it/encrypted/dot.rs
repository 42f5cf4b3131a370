//! DNS over TLS (RFC 7858).

use super::{DECODED, House};
use crate::support::peers::installed;

#[test]
fn kdig_gets_the_address_in_the_name_padded() {
    if !installed("kdig over TLS", "kdig", "knot-dnsutils") {
        return;
    }
    let house = House::open();
    let said = house.kdig(house.tls(), &["+tls", DECODED]);
    assert!(said.contains("192.168.1.10"), "{said}");
    assert!(said.contains("The certificate is trusted"), "{said}");
    assert!(said.contains("Received 468 B"), "{said}");
}
