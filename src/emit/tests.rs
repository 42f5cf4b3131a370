//! What holds for every target in the list.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use ipnet::IpNet;

use super::form::replace;
use super::{
    Comment, Doors, Emitted, Front, Job, Mode, Part, Plan, Root, Runs, Server, Suffix, TARGETS,
    Target, target,
};
use crate::address;
use crate::wire::{Endpoint, Name};

/// Two decoded domains, an exception with all names below it and one without, names that lanward alone knows, one of them of special use.
fn plan(server: &str) -> Plan {
    let names = |names: &[&str]| -> Vec<Name> {
        let names = names.iter();
        names.map(|name| name.parse().unwrap()).collect()
    };
    let allowed = [
        ("plex.direct", true),
        ("vpn.example.com", true),
        ("nas.example.net", false),
    ];
    let allowed = allowed.map(|(name, subdomains)| Suffix {
        name: name.parse().unwrap(),
        subdomains,
    });
    let own = [
        ("tower.example.org", "192.168.1.20"),
        ("tower.example.org", "fd00::20"),
        ("films.example.org", "192.168.1.21"),
        ("films.example.org", "192.168.1.22"),
        ("six.example.org", "fd00::6"),
    ];
    let own = own.map(|(name, address)| (name.parse().unwrap(), address.parse().unwrap()));
    let probe = format!("192-168-1-10.{}.plex.direct", "0123456789abcdef".repeat(2));
    let probe = (
        probe.parse().unwrap(),
        Ipv4Addr::new(192, 168, 1, 10).into(),
    );
    let forwarded = names(&[
        "plex.direct",
        "vpn.example.com",
        "nas.example.net",
        "tower.example.org",
        "168.192.in-addr.arpa",
    ]);
    let networks = address::networks().into_iter().map(|(network, _)| network);
    Plan::new(server.parse().unwrap())
        .probe_with(Some(probe))
        .allow(allowed)
        .forward(forwarded)
        .block(networks)
        .fix(own)
}

fn fronts() -> [Front; 2] {
    let host: Name = "media.example.com".parse().unwrap();
    let name: Name = format!("192-168-1-10.{}.plex.direct", "0123456789abcdef".repeat(2))
        .parse()
        .unwrap();
    let address = Ipv4Addr::new(192, 168, 1, 10);
    let servers = [
        Server::Plex {
            address,
            name: Box::new(name),
        },
        Server::Jellyfin {
            address: SocketAddr::new(address.into(), Server::JELLYFIN_PORT),
        },
    ];
    servers.map(|server| Front {
        host,
        port: 443,
        server,
    })
}

/// One door of each kind, at an address of each family.
fn doors() -> Doors {
    let door = |protocols: &[&'static str], port, path: Option<&str>| Endpoint {
        protocols: protocols.to_vec(),
        port,
        addresses: vec!["192.168.1.2".parse().unwrap(), "fd00::2".parse().unwrap()],
        path: path.map(str::to_owned),
    };
    Doors {
        name: "dns.home.example".parse().unwrap(),
        server: "192.168.1.2:53".parse().unwrap(),
        endpoints: vec![
            door(&["dot"], 853, None),
            door(&["doq"], 853, None),
            door(&["h3", "h2"], 443, Some("/dns-query")),
        ],
        root: Some(Root {
            octets: vec![0x30; 100],
            is_authority: true,
        }),
    }
}

/// Everything that a target has to say, with what was asked of it.
fn all(target: &Target) -> Vec<(String, Emitted)> {
    match target.job {
        Job::Resolver { modes, .. } => {
            let mut all = Vec::new();
            for server in ["192.168.1.2:53", "[fd00::2]:53", "127.0.0.1:53"] {
                for &mode in modes {
                    let emitted = target.emit(&plan(server), Some(mode));
                    let asked = format!("{} --mode {mode} --server {server}", target.name);
                    all.push((asked, emitted.unwrap()));
                }
            }
            all
        }
        Job::Proxy { .. } => {
            let emitted = fronts().map(|front| target.emit_front(&front).unwrap());
            let asked = ["--plex", "--jellyfin"].map(|flag| format!("{} {flag}", target.name));
            asked.into_iter().zip(emitted).collect()
        }
        Job::Devices { .. } => {
            let emitted = target.emit_doors(&doors()).unwrap();
            vec![(target.name.to_owned(), emitted)]
        }
    }
}

fn everything() -> Vec<(String, Emitted)> {
    TARGETS.iter().flat_map(|target| all(target)).collect()
}

#[test]
fn names_are_unique_and_plain() {
    let mut seen = BTreeSet::new();
    for known in TARGETS {
        let name = known.name;
        assert!(seen.insert(name), "{name} is there twice");
        let is_plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(name.chars().all(is_plain), "{name}");
        assert!(
            !known.title.is_empty() && !known.versions.is_empty(),
            "{name}"
        );
        assert_eq!(target(name).unwrap().title, known.title);
    }
    assert!(target("dnsmask").is_none());
}

#[test]
fn each_mode_is_done_or_refused_with_a_reason() {
    for known in TARGETS {
        let Job::Resolver { modes, cannot, .. } = known.job else {
            continue;
        };
        for mode in Mode::ALL {
            let done = modes.iter().filter(|other| **other == mode).count();
            let refused = cannot.iter().filter(|(other, _)| *other == mode).count();
            assert_eq!(done + refused, 1, "{} {mode}", known.name);
        }
        for (mode, why) in cannot {
            assert!(
                !why.is_empty() && !why.ends_with('.'),
                "{} {mode}: {why}",
                known.name
            );
            let refusal = known
                .emit(&plan("192.168.1.2:53"), Some(*mode))
                .unwrap_err();
            let words = format!("{} cannot {mode}: {why}. It can: ", known.title);
            assert!(refusal.to_string().starts_with(&words), "{refusal}");
        }
    }
}

#[test]
fn nobody_does_the_job_of_another() {
    for known in TARGETS {
        let [front, _] = fronts();
        let plan = plan("192.168.1.2:53");
        let wrong = match known.job {
            Job::Resolver { .. } => [known.emit_front(&front), known.emit_doors(&doors())],
            Job::Proxy { .. } => [known.emit(&plan, None), known.emit_doors(&doors())],
            Job::Devices { .. } => [known.emit(&plan, None), known.emit_front(&front)],
        };
        assert!(wrong.iter().all(Result::is_err), "{}", known.name);
    }
}

/// The lines above a part's text, without what makes them comments.
fn heading(emitted: &Emitted, part: &Part, asked: &str) -> Vec<String> {
    let block = emitted.text(Some(part.name));
    let (above, below) = block
        .split_once(&part.text)
        .unwrap_or_else(|| panic!("{asked}: {block}"));
    let sign = |text: &str| part.comment.line(text);
    let (before, after) = match part.comment {
        Comment::Xml => ("<!-- ", " -->"),
        Comment::Slashes => ("// ", ""),
        Comment::Dashes => ("-- ", ""),
        Comment::Semicolon => ("; ", ""),
        Comment::Hash | Comment::None => ("# ", ""),
    };
    let mut lines: Vec<String> = Vec::new();
    for line in above.lines() {
        let text = line
            .strip_prefix(before)
            .and_then(|line| line.strip_suffix(after));
        lines.push(text.unwrap_or_else(|| panic!("{asked}: {line}")).to_owned());
    }
    if part.comment == Comment::None {
        assert_eq!(below, "", "{asked}");
        assert_eq!(
            lines.pop().unwrap(),
            "What follows is to be entered, without these lines:",
            "{asked}"
        );
        return lines;
    }
    let mark = emitted.mark(part);
    assert_eq!(
        above.lines().next().unwrap(),
        sign(&format!(">>> lanward emit {mark} >>>")),
        "{asked}"
    );
    assert_eq!(
        below.trim_end(),
        sign(&format!("<<< lanward emit {mark} <<<")),
        "{asked}"
    );
    lines.remove(0);
    lines
}

#[test]
fn each_heading_says_what_one_must_know() {
    for (asked, emitted) in everything() {
        for part in &emitted.snippet.parts {
            let lines = heading(&emitted, part, &asked);
            let count = |label: &str| lines.iter().filter(|line| line.starts_with(label)).count();
            let places = ["File: ", "Menu: ", "Shell: "].map(count);
            assert_eq!(places.iter().sum::<usize>(), 1, "{asked}: {lines:#?}");
            assert_eq!(count("Holds for: "), 1, "{asked}: {lines:#?}");
            assert_eq!(count("Reload: "), 1, "{asked}: {lines:#?}");
            let verify: Vec<&String> = lines
                .iter()
                .filter(|line| line.starts_with("Verify: "))
                .collect();
            assert!(!verify.is_empty(), "{asked}");
            if emitted.heading.mode.is_some() {
                let [good, bad] = verify.as_slice() else {
                    panic!("{asked}: {verify:?}");
                };
                assert!(
                    good.contains("  # says ") && !good.contains("no address"),
                    "{asked}: {good}"
                );
                let has_none = bad.contains("  # says an address: ");
                assert!(
                    bad.contains("  # says no address") || has_none,
                    "{asked}: {bad}"
                );
            }
        }
    }
}

#[test]
fn comments_are_short_lines() {
    const WHOLE: [&str; 6] = [
        "Check: ", "File: ", "Menu: ", "Reload: ", "Shell: ", "Verify: ",
    ];
    for (asked, emitted) in everything() {
        for part in &emitted.snippet.parts {
            for line in heading(&emitted, part, &asked) {
                let is_whole = WHOLE.iter().any(|label| line.starts_with(label));
                assert!(is_whole || line.chars().count() <= 100, "{asked}: {line}");
            }
        }
    }
}

#[test]
fn texts_are_whole_lines_of_plain_letters() {
    for (asked, emitted) in everything() {
        let text = emitted.text(None);
        assert!(
            text.ends_with('\n') && !text.contains("\n\n\n"),
            "{asked}: {text}"
        );
        for line in text.lines() {
            // `caddy fmt` indents by tabs.
            let indented = if asked.starts_with("caddy ") {
                line.trim_start_matches('\t')
            } else {
                line
            };
            assert!(!indented.contains(char::is_control), "{asked}: {line:?}");
            assert_eq!(line, line.trim_end(), "{asked}");
        }
    }
}

#[test]
fn parts_have_names_of_their_own() {
    for (asked, emitted) in everything() {
        let parts = &emitted.snippet.parts;
        let names: BTreeSet<&str> = parts.iter().map(|part| part.name).collect();
        assert!(
            !parts.is_empty() && names.len() == parts.len(),
            "{asked}: {names:?}"
        );
        assert!(
            parts.iter().all(|part| !part.text.trim().is_empty()),
            "{asked}"
        );
    }
}

/// A second run gives the same octets, and replaces what the first wrote with just that.
#[test]
fn a_second_run_changes_nothing() {
    for ((asked, once), (_, again)) in everything().into_iter().zip(everything()) {
        assert_eq!(once.text(None), again.text(None), "{asked}");
        assert_eq!(once.json(), again.json(), "{asked}");
        for part in once
            .snippet
            .parts
            .iter()
            .filter(|part| part.comment != Comment::None)
        {
            let block = once.file(part);
            let file = format!("before\n{block}behind\n");
            let replaced = replace(
                file.as_bytes(),
                part.comment,
                &once.mark(part),
                &again.file(part),
            )
            .unwrap();
            assert_eq!(String::from_utf8(replaced).unwrap(), file, "{asked}");
        }
    }
}

/// Without what other syntaxes put into names: the backslashes of expressions, the tildes and stars of suffixes.
fn texts(emitted: &Emitted) -> String {
    let parts = emitted.snippet.parts.iter();
    let texts: String = parts.map(|part| part.text.as_str()).collect();
    texts.replace('\\', "")
}

#[test]
fn forward_names_every_domain_and_lanward() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Forward))
    {
        for server in ["192.168.1.2:53", "[fd00::2]:53"] {
            let plan = plan(server);
            let text = texts(&known.emit(&plan, Some(Mode::Forward)).unwrap());
            assert!(
                text.contains(&plan.server().ip().to_string()),
                "{} {server}: {text}",
                known.name
            );
            // Docker asks one server for everything.
            let names = plan
                .forwarded()
                .iter()
                .filter(|_| known.name != "docker-compose");
            for name in names {
                assert!(
                    text.contains(&name.to_string()),
                    "{} lacks {name}: {text}",
                    known.name
                );
            }
        }
    }
}

#[test]
fn allow_and_protect_name_every_exception() {
    for known in TARGETS {
        for &mode in known
            .modes()
            .iter()
            .filter(|mode| matches!(mode, Mode::Allow | Mode::Protect))
        {
            let plan = plan("192.168.1.2:53");
            let text = texts(&known.emit(&plan, Some(mode)).unwrap());
            for suffix in plan.allowed() {
                assert!(
                    text.contains(&suffix.name.to_string()),
                    "{} {mode} lacks {}: {text}",
                    known.name,
                    suffix.name
                );
            }
        }
    }
}

#[test]
fn static_names_every_server_with_its_addresses() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Static))
    {
        let plan = plan("192.168.1.2:53");
        let text = texts(&known.emit(&plan, Some(Mode::Static)).unwrap());
        for (name, address) in plan.own().unwrap() {
            assert!(
                text.contains(&name.to_string()),
                "{} lacks {name}: {text}",
                known.name
            );
            assert!(
                text.contains(&address.to_string()),
                "{} lacks {address}: {text}",
                known.name
            );
        }
    }
}

/// A network as it is written, or as octets in front of a star.
fn network(token: &str) -> Option<IpNet> {
    let token = token.trim_end_matches('.');
    let Some(octets) = token.strip_suffix(".*") else {
        return token.parse().ok();
    };
    let fixed = octets.split('.').count();
    let zeros = ".0".repeat(4_usize.checked_sub(fixed)?);
    format!("{octets}{zeros}/{}", 8 * fixed).parse().ok()
}

/// Whoever lists networks lists all of them.
#[test]
fn protect_lists_every_network() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Protect))
    {
        let plan = plan("192.168.1.2:53");
        let emitted = known.emit(&plan, Some(Mode::Protect)).unwrap();
        let text = texts(&emitted);
        let tokens = text.split(|letter: char| {
            !(letter.is_ascii_hexdigit() || matches!(letter, '.' | ':' | '/' | '*'))
        });
        let listed: Vec<IpNet> = tokens.filter_map(network).collect();
        if listed.is_empty() {
            continue;
        }
        let listed = IpNet::aggregate(&listed);
        for range in plan.ranges() {
            assert!(
                listed.iter().any(|network| network.contains(range)),
                "{} lacks {range}",
                known.name
            );
        }
    }
}

#[test]
fn a_server_on_another_port_is_written_or_refused() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Forward))
    {
        match known.emit(&plan("192.168.1.2:5335"), Some(Mode::Forward)) {
            Ok(emitted) => assert!(texts(&emitted).contains("5335"), "{}", known.name),
            Err(refusal) => {
                let text = refusal.to_string();
                assert!(
                    text.contains("no port") && text.contains("--server ADDRESS:53"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn a_loopback_address_is_called_into_question_where_it_is_hardly_right() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Forward))
    {
        let emitted = known
            .emit(&plan("127.0.0.1:53"), Some(Mode::Forward))
            .unwrap();
        let warned = emitted
            .snippet
            .warnings
            .iter()
            .any(|warning| warning.contains("127.0.0.1"));
        assert!(warned || known.runs != Runs::Elsewhere, "{}", known.name);
        let mut notes = emitted.snippet.notes.iter();
        let noted = notes.any(|note| note.contains("in a container, 127.0.0.1"));
        assert!(
            noted || known.runs != Runs::PerhapsInContainer,
            "{}",
            known.name
        );
        let elsewhere = known
            .emit(&plan("192.168.1.2:53"), Some(Mode::Forward))
            .unwrap();
        assert!(
            !elsewhere
                .snippet
                .warnings
                .iter()
                .any(|warning| warning.contains("192.168.1.2")),
            "{}",
            known.name
        );
    }
}

#[test]
fn static_without_servers_says_what_is_missing() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Static))
    {
        let probe = ("a.plex.direct".parse().unwrap(), Ipv4Addr::LOCALHOST.into());
        let plan = Plan::new("192.168.1.2:53".parse().unwrap()).probe_with(Some(probe));
        let refusal = known.emit(&plan, Some(Mode::Static)).unwrap_err();
        assert!(
            refusal.to_string().contains("--plex"),
            "{}: {refusal}",
            known.name
        );
    }
}

/// A protection silences DNS block lists, whose answers are in 127.0.0.0/8, and says so; or it lets loopback through, and says that.
#[test]
fn protect_says_what_becomes_of_block_lists() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Protect))
    {
        let emitted = known
            .emit(&plan("192.168.1.2:53"), Some(Mode::Protect))
            .unwrap();
        let snippet = emitted.snippet;
        let open = "so that loopback addresses pass for every domain";
        let is_open = snippet
            .weaknesses
            .iter()
            .any(|weakness| weakness.contains(open));
        let notes = snippet.notes;
        let said = notes
            .iter()
            .filter(|note| note.contains("zen.spamhaus.org"));
        let expected = usize::from(!is_open);
        assert_eq!(said.count(), expected, "{}: {notes:#?}", known.name);
    }
}

/// lanward answers for what is handed to it, so no alias there leads anywhere that it does not let one go.
#[test]
fn forward_blames_nobody_for_aliases_that_lanward_answers() {
    for known in TARGETS
        .iter()
        .filter(|target| target.modes().contains(&Mode::Forward))
    {
        let emitted = known
            .emit(&plan("192.168.1.2:53"), Some(Mode::Forward))
            .unwrap();
        let weaknesses = emitted.snippet.weaknesses;
        let blamed = weaknesses
            .iter()
            .any(|weakness| weakness.contains("may lead anywhere by an alias"));
        assert!(!blamed, "{}: {weaknesses:#?}", known.name);
    }
}
