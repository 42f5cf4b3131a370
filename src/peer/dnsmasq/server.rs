//! Servers as dnsmasq reads them: `ADDRESS[#PORT][@INTERFACE or ADDRESS[#PORT]]`.
//!
//! Source: `parse_server` in option.c; measured with 2.90.

use std::net::SocketAddr;

use super::super::place::quoted;
use crate::upstream::Server;

/// What stands where a server is expected.
#[derive(Debug)]
pub(in crate::peer) enum Written {
    /// A server.
    Server(Server),
    /// One that was meant to be asked on a port, which is read as something else.
    Meant(Server, String),
    /// The servers for everything else.
    Default,
    /// None: dnsmasq answers by itself.
    Nobody,
    /// A name, which dnsmasq looks up when it starts (since 2.87).
    Name,
    /// What dnsmasq does not take, and why.
    Wrong(String),
}

/// Reads what stands behind the domains.
pub(in crate::peer) fn read(text: &str) -> Written {
    match text {
        "" => return Written::Nobody,
        "#" => return Written::Default,
        _ => {}
    }
    let (server, source) = match text.split_once('@') {
        Some((server, source)) => (server, Some(source)),
        None => (text, None),
    };
    let (address, port) = match server.split_once('#') {
        Some((address, port)) => (address, Some(port)),
        None => (server, None),
    };
    let Some(found) = plain(address, port) else {
        return wrong(text, address, port);
    };
    match source.and_then(|source| source.parse::<u16>().ok()) {
        Some(port) if port > 0 => {
            let meant = plain(address, Some(&port.to_string())).unwrap_or_else(|| found.clone());
            let problem = format!(
                "{}: behind @ stands the interface or the address to ask from, so dnsmasq takes {port} for an interface, and nobody is asked. \
                 The port stands behind #: write {address}#{port}",
                quoted(text)
            );
            Written::Meant(meant, problem)
        }
        _ => Written::Server(found),
    }
}

fn plain(address: &str, port: Option<&str>) -> Option<Server> {
    let port = port.map_or(Some(53), |port| port.parse().ok().filter(|port| *port > 0))?;
    // An interface is only kept where this machine has it.
    let bare = address.split_once('%').map_or(address, |(bare, _)| bare);
    let ip = bare.parse().ok()?;
    Some(Server::new(SocketAddr::new(ip, port)))
}

fn wrong(text: &str, address: &str, port: Option<&str>) -> Written {
    let shown = quoted(text);
    let why = if text.contains("://") {
        "dnsmasq asks servers over UDP and TCP only; for encrypted ones something must stand behind it".to_owned()
    } else if let Some((inner, _)) = address
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        let inner = quoted(&format!("{inner}#53"));
        format!("dnsmasq writes IPv6 addresses without brackets, and the port behind #: {inner}")
    } else if let Ok(address) = address.parse::<SocketAddr>() {
        format!(
            "the port stands behind #: write {}#{}",
            address.ip(),
            address.port()
        )
    } else if port.is_some() && plain(address, None).is_some() {
        return Written::Wrong(format!(
            "{shown}: the port is none; allowed behind #: 1 to 65535"
        ));
    } else if address.contains('.') && address.parse::<crate::wire::Name>().is_ok() {
        return Written::Name;
    } else {
        "it is no address; allowed: such as 192.168.1.2, 192.168.1.2#5353 or fd00::2#5353"
            .to_owned()
    };
    Written::Wrong(format!("{shown}: {why}; dnsmasq does not start"))
}
