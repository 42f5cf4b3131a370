//! A `forward-zone:` or `stub-zone:` of Unbound, and servers as it reads them: `ADDRESS[@PORT][#NAME]`.
//!
//! Source: unbound.conf(5), `extstrtoaddr` and `authextstrtoaddr` in `util/net_help.c`; measured with 1.17.1.

use std::net::{IpAddr, SocketAddr};

use super::super::place::quoted;
use super::super::{Forward, Place, Reading};
use crate::upstream::Server;
use crate::wire::Name;

/// A zone with servers of its own.
#[derive(Debug)]
pub(super) struct Zone {
    place: Place,
    name: Option<(Place, Name)>,
    addresses: Vec<(Place, String)>,
    is_tls: bool,
}

impl Zone {
    /// The zone that a clause begins; none if it is about something else.
    pub(super) fn begin(clause: &str, place: &Place) -> Option<Self> {
        matches!(clause, "forward-zone" | "stub-zone").then(|| Self {
            place: place.clone(),
            name: None,
            addresses: Vec::new(),
            is_tls: false,
        })
    }

    /// Takes an option, if it is one of a zone.
    pub(super) fn take(
        &mut self,
        reading: &mut Reading,
        place: &Place,
        key: &str,
        value: &str,
    ) -> bool {
        match key {
            "name" => match value.parse() {
                Ok(name) => self.name = Some((place.clone(), name)),
                Err(why) => {
                    let problem = format!(
                        "name: {} is no domain name: {why}; Unbound does not start",
                        quoted(value)
                    );
                    reading.error(place, problem);
                }
            },
            "forward-addr" | "stub-addr" => self.addresses.push((place.clone(), value.to_owned())),
            "forward-host" | "stub-host" => reading.notes.push(format!(
                "{place}: Unbound looks {} up; lanward wants its address",
                quoted(value)
            )),
            "forward-tls-upstream"
            | "forward-ssl-upstream"
            | "stub-tls-upstream"
            | "stub-ssl-upstream" => self.is_tls = value == "yes",
            _ => return key.starts_with("forward-") || key.starts_with("stub-"),
        }
        true
    }

    /// The zone, with what is wrong with its servers told.
    pub(super) fn finish(
        self,
        reading: &mut Reading,
        (all_tls, asks_localhost): (bool, bool),
    ) -> Option<Forward> {
        let Some((place, name)) = self.name else {
            let problem = "this zone has no name:; Unbound does not start";
            reading.error(&self.place, problem);
            return None;
        };
        if name.labels().next() == Some(b"*") {
            let parent = name.parent().unwrap_or(Name::ROOT);
            let problem = format!(
                "this zone is asked for no name: they have no * there. Write name: \"{parent}\", all names below it are meant as well; Unbound \
                 accepts it without a word"
            );
            reading.error(&place, problem);
            return None;
        }
        let mut servers = Vec::new();
        for (place, text) in self.addresses {
            let server = match read(&text, self.is_tls || all_tls) {
                Written::Server(server) => server,
                Written::Odd(server, problem, is_error) => {
                    if is_error {
                        reading.error(&place, problem);
                    } else {
                        reading.warning(&place, problem);
                    }
                    server
                }
                Written::Wrong(problem) => {
                    reading.error(&place, problem);
                    continue;
                }
            };
            let mut addresses = server.addresses().iter();
            if !asks_localhost && addresses.any(|address| address.ip().is_loopback()) {
                let problem = format!(
                    "{}: Unbound asks no server on its own machine, and {name} is not answered: add in server: do-not-query-localhost: no",
                    quoted(&text)
                );
                reading.error(&place, problem);
            }
            servers.push(server);
        }
        Some(Forward {
            place,
            name,
            servers,
        })
    }
}

enum Written {
    Server(Server),
    /// One that does something else than it seems, and whether it does nothing at all.
    Odd(Server, String, bool),
    Wrong(String),
}

fn read(text: &str, is_tls: bool) -> Written {
    let shown = quoted(text);
    let (address, name) = match text.split_once('#') {
        Some((address, name)) => (address, Some(name)),
        None => (text, None),
    };
    let (ip, port) = match address.split_once('@') {
        Some((ip, port)) => (ip, Some(port)),
        None => (address, None),
    };
    let bare = ip.split_once('%').map_or(ip, |(bare, _)| bare);
    let Ok(ip) = bare.parse::<IpAddr>() else {
        return wrong(ip, &shown);
    };
    let default = if is_tls { 853 } else { 53 };
    let port = port.map_or(Some(default), |port| {
        port.parse::<u16>().ok().filter(|port| *port > 0)
    });
    let Some(port) = port else {
        let problem = format!(
            "{shown}: the port is none; allowed behind @: 1 to 65535. Unbound accepts it without a word"
        );
        return Written::Wrong(problem);
    };
    let plain = Server::new(SocketAddr::new(ip, port));
    match (is_tls, name) {
        (false, None) => Written::Server(plain),
        (false, Some(name)) => match name.parse::<u16>() {
            Ok(meant) if meant > 0 => {
                let problem = format!(
                    "{shown}: behind # stands the name of a certificate, so Unbound asks port {port}. The port stands behind @: write {ip}@{meant}"
                );
                Written::Odd(Server::new(SocketAddr::new(ip, meant)), problem, true)
            }
            _ => {
                let problem = format!(
                    "{shown}: without forward-tls-upstream: yes the name behind # does nothing, and the questions are not encrypted"
                );
                Written::Odd(plain, problem, true)
            }
        },
        (true, name) => encrypted(SocketAddr::new(ip, port), name, &shown),
    }
}

/// A server that is asked over TLS. Without its name Unbound takes any certificate.
fn encrypted(address: SocketAddr, name: Option<&str>, shown: &str) -> Written {
    let text = match name {
        Some(name) => format!("tls://{name}@{address}"),
        None => format!("tls://{address}"),
    };
    match (text.parse::<Server>(), name) {
        (Ok(server), Some(_)) => Written::Server(server),
        (Ok(server), None) => {
            let problem = format!(
                "{shown}: without a name behind #, such as #dns.example, Unbound takes any certificate, and whoever is on the way can answer"
            );
            Written::Odd(server, problem, false)
        }
        (Err(_), _) => Written::Wrong(format!(
            "{shown}: what stands behind # is the name of no certificate"
        )),
    }
}

fn wrong(ip: &str, shown: &str) -> Written {
    let inner = ip
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(inner, _)| inner);
    let why = if let Some(inner) = inner {
        format!(
            "Unbound writes IPv6 addresses without brackets, and the port behind @: {}",
            quoted(&format!("{inner}@53"))
        )
    } else if let Ok(address) = ip.parse::<SocketAddr>() {
        format!(
            "the port stands behind @: write {}@{}",
            address.ip(),
            address.port()
        )
    } else {
        "it is no address; allowed: such as 192.168.1.2, 192.168.1.2@5353 or fd00::2@5353; names stand behind forward-host:".to_owned()
    };
    Written::Wrong(format!("{shown}: {why}. Unbound does not start"))
}
