//! Servers of DHCP and router advertisements: the option that names encrypted resolvers (RFC 9463).
//!
//! Sources: dnsmasq(8) for `dhcp-option`; the Kea Administrator Reference Manual, "Standard DHCPv4 Options" and "csv-format"; dhcpd's
//! dhcp-options(5); the README of odhcpd for `dnr`; systemd.network(5) for `SendOption=`.

mod option;

use std::fmt::Write;

use data_encoding::{HEXLOWER, HEXUPPER};

use super::{Comment, Doors, Job, Part, Refusal, Runs, Snippet, Target};

/// What tells devices of a network where its resolvers are.
pub(super) const TARGET: Target = Target {
    name: "dnr",
    title: "DHCP",
    versions: "dnsmasq 2.80, Kea 1.8, ISC dhcpd 4.3, OpenWrt 24.10, systemd-networkd 246, and later",
    runs: Runs::Elsewhere,
    job: Job::Devices {
        with_root: false,
        write,
    },
};

fn write(doors: &Doors) -> Result<Snippet, Refusal> {
    let v4 = option::v4(doors);
    let v6 = option::v6(doors);
    if v4.is_none() && v6.is_empty() {
        return Err(Refusal::new(format!(
            "what there is to say does not fit into an option: {} is too long for a name, or [server.tls] path for a path",
            doors.name
        )));
    }
    let mut snippet = Snippet::new("restart the server; devices hear of it when they connect anew")
        .checked_by("dnsmasq --test, kea-dhcp4 -t FILE, kea-dhcp6 -t FILE, dhcpd -t -cf FILE");
    let first = v4.as_ref().map(|(data, _)| data.as_slice());
    let best = v6.first().map(Vec::as_slice);
    snippet.parts.push(dnsmasq(first, best));
    snippet
        .parts
        .extend(first.map(|data| kea("kea4", ("Dhcp4", 162), data)));
    snippet
        .parts
        .extend(best.map(|data| kea("kea6", ("Dhcp6", 144), data)));
    snippet
        .parts
        .extend(first.map(|data| dhcpd("dhcpd4", ("dhcpd.conf", "dnr", 162), data)));
    snippet
        .parts
        .extend(best.map(|data| dhcpd("dhcpd6", ("dhcpd6.conf", "dhcp6.dnr", 144), data)));
    snippet.parts.push(openwrt(doors, first));
    snippet.parts.extend(first.map(networkd));
    snippet.parts.extend(advertisements(doors));
    remarks(&mut snippet, doors, v4.map_or(0, |(_, count)| count));
    Ok(snippet)
}

fn remarks(snippet: &mut Snippet, doors: &Doors, written: usize) {
    snippet.note("Choose the part for the server that you have (--part NAME).");
    let all = option::count_v4(doors);
    if written < all {
        snippet.weak(format!(
            "Of {all} doors the best {written} fit into the 255 octets of a DHCPv4 option. Devices learn the others from lanward itself, by _dns.resolver.arpa."
        ));
    }
    if option::v6(doors).len() > 1 {
        snippet.weak("Over DHCPv6 dnsmasq, Kea and ISC dhcpd send one option of a kind: the best door alone. Devices learn the others from lanward itself.");
    }
    snippet.note("The server that devices ask without encryption (options 6 and 23) stays as it is: devices that do not know this option leave it aside.");
    snippet.note(format!(
        "Devices must trust the certificate for {}; one that is not for that name, or that nobody vouches for, they refuse.",
        doors.name
    ));
    snippet.note("radvd knows no such option. systemd-networkd sends none in router advertisements and over DHCPv6; as a client it takes them with UseDNR=.");
}

/// Of lines for the same option the last one counts, so there is one for each protocol.
fn dnsmasq(v4: Option<&[u8]>, v6: Option<&[u8]>) -> Part {
    let mut text = String::new();
    if let Some(data) = v4 {
        let _fits = writeln!(text, "dhcp-option=162,{}", colons(data));
    }
    if let Some(data) = v6 {
        let _fits = writeln!(text, "dhcp-option=option6:144,{}", colons(data));
    }
    Part::file(
        "dnsmasq",
        "/etc/dnsmasq.d/lanward-dnr.conf",
        Comment::Hash,
        text,
    )
}

/// As octets, since only later versions know the option by name.
fn kea(name: &'static str, (section, code): (&str, u8), data: &[u8]) -> Part {
    let place = format!(
        "/etc/kea/kea-{}.conf, in \"{section}\" or in a subnet; a list that is there already gets the one entry",
        section.to_lowercase()
    );
    let text = format!(
        "\"option-data\": [\n    {{ \"code\": {code}, \"csv-format\": false, \"data\": \"{}\" }}\n]\n",
        HEXUPPER.encode(data)
    );
    Part::file(name, place, Comment::Hash, text)
}

fn dhcpd(name: &'static str, (file, word, code): (&str, &str, u8), data: &[u8]) -> Part {
    let text = format!(
        "option {word} code {code} = string;\noption {word} {};\n",
        colons(data)
    );
    Part::file(name, format!("/etc/dhcp/{file}"), Comment::Hash, text)
}

/// odhcpd writes the options by itself, for DHCPv6 and router advertisements; for DHCPv4 there mostly is dnsmasq.
fn openwrt(doors: &Doors, v4: Option<&[u8]>) -> Part {
    let mut commands = vec!["uci -q delete dhcp.lan.dnr".to_owned()];
    for (priority, door) in (1..).zip(&doors.endpoints) {
        let addresses: Vec<String> = door.addresses.iter().map(ToString::to_string).collect();
        let addresses = addresses.join(",");
        let name = &doors.name;
        commands.push(format!(
            "uci add_list dhcp.lan.dnr='{priority} {name} {addresses} {door}'"
        ));
    }
    // What an earlier run wrote may have been something else.
    commands.push(
        "for option in $(uci -q get dhcp.lan.dhcp_option); do case $option in 162,*) uci del_list dhcp.lan.dhcp_option=\"$option\";; esac; done"
            .to_owned(),
    );
    if let Some(data) = v4 {
        commands.push(format!(
            "uci add_list dhcp.lan.dhcp_option='162,{}'",
            colons(data)
        ));
    }
    commands.push("uci commit dhcp".to_owned());
    commands.push("service dnsmasq restart".to_owned());
    commands.push("service odhcpd restart".to_owned());
    let place =
        "the router's own, as root (SSH), for the network lan; a second run changes nothing";
    Part::shell("openwrt", place, commands.join("\n"))
}

fn networkd(data: &[u8]) -> Part {
    let mut text = String::from("[DHCPServer]\nSendOption=162:string:");
    for octet in data {
        let _fits = write!(text, "\\x{octet:02x}");
    }
    text.push('\n');
    let place =
        "/etc/systemd/network/NAME.network.d/lanward.conf, of the network with DHCPServer=yes";
    Part::file("networkd", place, Comment::Hash, text)
}

/// For a daemon that takes options as octets.
fn advertisements(doors: &Doors) -> Option<Part> {
    let options = option::ra(doors);
    let mut lines = String::new();
    for option in &options {
        let _fits = writeln!(lines, "{}", HEXLOWER.encode(option));
    }
    (!options.is_empty()).then(|| {
        Part::menu(
            "advertisements",
            "a daemon for router advertisements that takes whole options as octets, each line one",
            lines,
        )
    })
}

fn colons(data: &[u8]) -> String {
    let octets: Vec<String> = data.iter().map(|octet| format!("{octet:02x}")).collect();
    octets.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Endpoint;

    /// The figures of RFC 9463: lengths of two octets in DHCPv6 and router advertisements, of one within a DHCPv4 instance.
    #[test]
    fn options_are_as_the_rfc_draws_them() {
        let doors = Doors {
            name: "a.b".parse().unwrap(),
            server: "192.0.2.1:53".parse().unwrap(),
            endpoints: vec![Endpoint {
                protocols: vec!["dot"],
                port: 853,
                addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
                path: None,
            }],
            root: None,
        };
        let parameters: &[u8] = b"\0\x01\0\x04\x03dot\0\x03\0\x02\x03\x55";
        let v4: &[u8] = b"\0\x1b\0\x01\x05\x01a\x01b\0\x04\xc0\0\x02\x01";
        let (data, count) = option::v4(&doors).unwrap();
        assert_eq!((data, count), ([v4, parameters].concat(), 1));
        let address: &[u8] = b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01";
        let v6: &[u8] = b"\0\x01\0\x05\x01a\x01b\0\0\x10";
        assert_eq!(option::v6(&doors), [[v6, address, parameters].concat()]);
        let head: &[u8] = b"\x90\x07\0\x01\0\0\x07\x08\0\x05\x01a\x01b\0\0\x10";
        let ra = [head, address, b"\0\x0e", parameters, &[0; 7]].concat();
        assert_eq!(option::ra(&doors), [ra]);
    }

    #[test]
    fn of_too_many_doors_the_best_are_told() {
        let door = |port| Endpoint {
            protocols: vec!["h2"],
            port,
            addresses: vec!["192.0.2.1".parse().unwrap()],
            path: Some(format!("/{}", "x".repeat(60))),
        };
        let doors = Doors {
            name: "dns.home.example".parse().unwrap(),
            server: "192.0.2.1:53".parse().unwrap(),
            endpoints: (1..6).map(door).collect(),
            root: None,
        };
        let (data, count) = option::v4(&doors).unwrap();
        assert!(data.len() <= 255 && count == 2, "{count}: {}", data.len());
        let snippet = write(&doors).unwrap();
        assert!(snippet.weaknesses[0].starts_with("Of 5 doors the best 2 fit"));
    }
}
