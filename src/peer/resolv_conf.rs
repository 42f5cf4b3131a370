//! /etc/resolv.conf: which servers the programs of a machine ask.
//!
//! There is no protection in it; but a second server is a way around the one that protects.
//!
//! Source: resolv.conf(5) of glibc 2.41; `res_init` skips what it cannot read without a word. musl asks all servers at once.

use std::net::{IpAddr, SocketAddr};

use super::place::quoted;
use super::{Asked, Place, Protection, Reading};
use crate::address::classify;
use crate::upstream::Server;

/// More servers than this are not asked (MAXNS).
const MOST: usize = 3;

/// Reads resolv.conf; none if it cannot be read.
pub(super) fn read(reading: &mut Reading) -> Option<()> {
    let (file, text) = reading.open()?;
    reading.protection = Protection::Never;
    let mut found: Vec<(Place, IpAddr)> = Vec::new();
    let mut rotates = None;
    for (row, line) in text.lines().enumerate() {
        let place = file.row(row);
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        match words.next() {
            Some("nameserver") if line.starts_with([' ', '\t']) => reading.error(
                &place,
                "nameserver stands behind a blank, and the line is skipped without a word; write it at the beginning",
            ),
            Some("nameserver") => found.extend(
                nameserver(reading, &place, words.next().unwrap_or_default())
                    .map(|address| (place, address)),
            ),
            Some("options") if words.any(|word| word == "rotate") => rotates = Some(place),
            _ => {}
        }
    }
    judge(reading, &file, &found, rotates.as_ref());
    let stub = IpAddr::from([127, 0, 0, 53]);
    for (place, address) in found {
        if address == stub {
            reading.notes.push(format!(
                "{place}: {address} is systemd-resolved, which has its servers from elsewhere: see \
                 resolv.conf:/run/systemd/resolve/resolv.conf"
            ));
        } else {
            reading.servers.push(Asked {
                place,
                server: Server::new(SocketAddr::new(address, 53)),
            });
        }
    }
    Some(())
}

fn nameserver(reading: &mut Reading, place: &Place, text: &str) -> Option<IpAddr> {
    let bare = text.split_once('%').map_or(text, |(bare, _)| bare);
    if let Ok(address) = bare.parse() {
        return Some(address);
    }
    let problem = if text.parse::<SocketAddr>().is_ok() || text.contains(['#', '@']) {
        "no port can be written here, it is always 53; the line is skipped without a word. Let the server listen on port 53 of an address"
    } else {
        "it is no address; allowed: one, such as 192.168.1.2. The line is skipped without a word"
    };
    reading.error(place, format!("nameserver {}: {problem}", quoted(text)));
    None
}

fn judge(reading: &mut Reading, file: &Place, found: &[(Place, IpAddr)], rotates: Option<&Place>) {
    let Some((_, first)) = found.first() else {
        return reading.warning(
            file,
            "no nameserver is named: 127.0.0.1 is asked; write nameserver with the address of your resolver",
        );
    };
    for (place, address) in found.iter().skip(MOST) {
        reading.warning(
            place,
            format!("{address} is never asked: only the first {MOST} servers are"),
        );
    }
    if classify(*first).is_none() {
        return;
    }
    // The first is in this network, and may protect.
    let mut around = found.iter().take(MOST).skip(1);
    let Some((place, second)) = around.find(|(_, address)| classify(*address).is_none()) else {
        return;
    };
    reading.warning(
        place,
        format!(
            "{second} is a way around the protection of {first}: it is asked whenever {first} is slow, by some programs each time, and knows no name \
             of this network. Leave it out, and let {first} ask it"
        ),
    );
    if let Some(rotates) = rotates {
        reading.warning(
            rotates,
            format!(
                "with rotate every other question goes to {second}, around {first}; leave it out"
            ),
        );
    }
}
