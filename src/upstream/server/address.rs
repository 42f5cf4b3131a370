//! Addresses as they stand in the text of a server.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::text::ServerError;

/// An address with or without port; an IPv6 address with a port stands in brackets, and may name its interface (RFC 4007 §11).
/// None if it is something else.
pub(super) fn parse(text: &str, default_port: u16) -> Result<Option<SocketAddr>, ServerError> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok((address.port() != 0).then_some(address));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Some(SocketAddr::new(address, default_port)));
    }
    let (inner, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, "")) => (inner, Some(default_port)),
        Some((inner, port)) => (inner, port.strip_prefix(':').and_then(parse_port)),
        None => (text, Some(default_port)),
    };
    let Some(port) = port else {
        return Ok(None);
    };
    let (address, interface) = match inner.split_once('%') {
        Some((address, interface)) => (address, Some(interface)),
        None => (inner, None),
    };
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        return Ok(None);
    };
    let scope = interface.map_or(Ok(0), interface_index)?;
    Ok(Some(SocketAddrV6::new(address, port, 0, scope).into()))
}

/// A port, 1 to 65535.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

fn interface_index(name: &str) -> Result<u32, ServerError> {
    if let Ok(index) = name.parse() {
        return Ok(index);
    }
    #[cfg(unix)]
    if let Ok(index) = nix::net::if_::if_nametoindex(name) {
        return Ok(index);
    }
    Err(ServerError::Interface(name.to_owned()))
}
