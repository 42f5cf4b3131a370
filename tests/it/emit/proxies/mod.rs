//! Caddy, nginx, `HAProxy` and Apache in front of Plex and Jellyfin, with what `lanward emit` printed, in a network of the test's own.

mod documents;
mod media;
mod program;
mod world;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::lanward::Lanward;
use crate::support::network::inside;
use crate::support::peers::installed;
use crate::support::until;
use media::{ABORT, Media, POLICY, SLOW, SOCKET, Seen};
use program::Proxy;
use world::{CLIENT, Line, Site, World, plex_name, request};

/// What no log may show.
const TOKEN: &str = "qJ7sT2xvNm9bL4wZ";

#[test]
fn caddy_serves_plex_and_jellyfin_as_printed() {
    let test = "emit::proxies::caddy_serves_plex_and_jellyfin_as_printed";
    if installed(test, "caddy", "caddy") && inside(test) {
        let world = World::new();
        serves(&world, &program::caddy(&world));
    }
}

#[test]
fn nginx_serves_plex_and_jellyfin_as_printed() {
    let test = "emit::proxies::nginx_serves_plex_and_jellyfin_as_printed";
    if installed(test, "nginx", "nginx-light") && inside(test) {
        let world = World::new();
        serves(&world, &program::nginx(&world));
    }
}

#[test]
fn haproxy_serves_plex_and_jellyfin_as_printed() {
    let test = "emit::proxies::haproxy_serves_plex_and_jellyfin_as_printed";
    if installed(test, "haproxy", "haproxy") && inside(test) {
        let world = World::new();
        serves(&world, &program::haproxy(&world));
    }
}

/// It alone must find the name of the Plex server, and does so by lanward, which needs nobody for that.
#[test]
fn apache_serves_plex_and_jellyfin_as_printed_with_lanward_as_its_resolver() {
    let test =
        "emit::proxies::apache_serves_plex_and_jellyfin_as_printed_with_lanward_as_its_resolver";
    if installed(test, "apache2", "apache2") && inside(test) {
        let world = World::new();
        let lanward = Lanward::configured(
            "[server]\nlisten = [\"127.0.0.1:53\"]\n[upstream]\nservers = [\"127.0.0.1:9\"]\n",
        );
        let resolver = world.folder.path().join("resolv.conf");
        fs::write(&resolver, "nameserver 127.0.0.1\n").unwrap();
        bind(&resolver, Path::new("/etc/resolv.conf"));
        serves(&world, &program::apache(&world));
        lanward.stop();
    }
}

/// Puts a file in the place of another, as far as this test can see.
fn bind(file: &Path, place: &Path) {
    let mut mount = Command::new("mount");
    mount.arg("--bind").args([file, place]);
    assert!(mount.status().unwrap().success());
}

/// All that a snippet promises.
fn serves(world: &World, proxy: &Proxy) {
    let [plex, stranger, jellyfin] = proxy.sites();
    for (site, media) in [(plex, &world.plex), (jellyfin, &world.jellyfin)] {
        answers(world, site, media);
        takes_long_bodies(world, site, media);
        opens_sockets(world, site, media);
        does_not_wait_for_the_end(world, site, media);
    }
    let verified = world.plex.seen("/library");
    assert_eq!(verified[0].name.as_deref(), Some(plex_name().as_str()));
    believes_no_other_certificate(world, stranger);
    keeps_tokens_to_itself(world, proxy);
}

/// The answer comes, and the server hears where the client really is.
fn answers(world: &World, site: Site, media: &Media) {
    let answer = world.ask(site, &private("/library/a%2Fb%20c"), &private_headers(site));
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
        "{answer}"
    );
    let seen: [Seen; 1] = media.seen("/library").try_into().unwrap();
    let [seen] = seen;
    assert_eq!(seen.target, private("/library/a%2Fb%20c"), "as it was sent");
    assert_eq!(seen.all("X-Forwarded-For"), [CLIENT.to_string()]);
    assert_eq!(seen.all("X-Real-IP"), [CLIENT.to_string()]);
    assert_eq!(seen.all("X-Forwarded-Proto"), ["https"]);
    assert!(seen.all("X-Forwarded-Host")[0].starts_with(site.host));
    assert_eq!(seen.all("X-Plex-Token"), [TOKEN], "it is for the server");
    let lower = answer.to_lowercase();
    let own = "content-security-policy: frame-ancestors 'self'";
    assert_eq!(lower.contains(own), seen.name.is_some(), "{answer}");
    assert!(lower.contains(POLICY), "the server's own is kept: {answer}");
}

/// Pictures from telephones are longer than the megabyte that some stop at.
fn takes_long_bodies(world: &World, site: Site, media: &Media) {
    let body = "x".repeat(3_000_000);
    let length = body.len();
    let rest = format!("Content-Length: {length}\r\n\r\n{body}");
    let answer = world.send(site, "POST", "/upload", &rest);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(media.seen("/upload")[0].body, length);
}

/// Both speak at any time.
fn opens_sockets(world: &World, site: Site, media: &Media) {
    let mut line = world.connect(site).unwrap();
    let more = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    write!(line, "{}", request(site, "GET", &private(SOCKET), more)).unwrap();
    let head = media::head(&mut line).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let accept = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    assert!(
        head.to_lowercase().contains(&accept.to_lowercase()),
        "{head}"
    );
    let mut heard = [0; 7];
    line.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"playing");
    for _ in 0..3 {
        write!(line, "louder!").unwrap();
        line.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"LOUDER!");
    }
    assert_eq!(
        media.seen(SOCKET)[0].all("X-Forwarded-For"),
        [CLIENT.to_string()]
    );
}

/// What has arrived goes on at once, also while the rest is not there.
fn does_not_wait_for_the_end(world: &World, site: Site, media: &Media) {
    let mut line = world.connect(site).unwrap();
    write!(line, "{}", request(site, "GET", SLOW, "\r\n")).unwrap();
    let head = media::head(&mut line).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    // Whoever waits for the end gets no end.
    let half = [read_chunk(&mut line), {
        media.go();
        read_chunk(&mut line)
    }];
    assert_eq!(half, ["first", "later"]);
}

/// The next part of an answer whose length was not known.
fn read_chunk(line: &mut Line) -> String {
    let mut chunk = [0; 10];
    line.read_exact(&mut chunk).unwrap();
    let chunk = String::from_utf8_lossy(&chunk);
    let inner = chunk
        .strip_prefix("5\r\n")
        .and_then(|rest| rest.strip_suffix("\r\n"));
    inner.unwrap_or(&chunk).to_owned()
}

/// A server that shows the certificate of another id is not asked anything.
fn believes_no_other_certificate(world: &World, site: Site) {
    let answer = world.ask(site, &private("/identity"), &private_headers(site));
    assert!(answer.starts_with("HTTP/1.1 5"), "{answer}");
    assert_eq!(world.stranger.requests(), 0);
}

/// Neither requests that went well nor those that failed show a token in any log.
fn keeps_tokens_to_itself(world: &World, proxy: &Proxy) {
    let [plex, _, jellyfin] = proxy.sites();
    for site in [plex, jellyfin] {
        let answer = world.ask(site, &private(ABORT), &private_headers(site));
        assert!(answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    // They are written a little later than the answers.
    let paths = ["/library/", "/identity", ABORT];
    let all = |logs: &str| {
        paths.iter().all(|path| logs.contains(path)) && logs.matches(ABORT).count() >= 2
    };
    let written = until(Duration::from_secs(10), || all(&program::logs(world)));
    let logs = program::logs(world);
    assert!(written, "requests are logged: {logs}");
    assert!(logs.contains(&CLIENT.to_string()), "{logs}");
    let shown: Vec<&str> = logs.lines().filter(|line| line.contains(TOKEN)).collect();
    assert!(shown.is_empty(), "tokens in logs: {shown:#?}");
}

/// The path with a token in the query, and one in an address within it.
fn private(path: &str) -> String {
    format!(
        "{path}?url=%2Fa%3FX-Plex-Token%3D{TOKEN}&X-Plex-Token={TOKEN}&api_key={TOKEN}&ApiKey={TOKEN}"
    )
}

/// The headers in which tokens travel, and the page on which somebody was before.
fn private_headers(site: Site) -> String {
    let authorization = format!("MediaBrowser Token=\"{TOKEN}\"");
    format!(
        "X-Plex-Token: {TOKEN}\r\nX-Emby-Token: {TOKEN}\r\nX-MediaBrowser-Token: {TOKEN}\r\nX-Emby-Authorization: {authorization}\r\n\
         Authorization: {authorization}\r\nCookie: token={TOKEN}\r\nReferer: https://{}{}\r\n",
        site.host,
        private("/web")
    )
}
