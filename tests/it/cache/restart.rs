//! The cache over a restart: what comes back, how old, to whom; and files that are not what was written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::support::network::{inside, ip};
use crate::support::records::AAAA;
use crate::support::wire::NXDOMAIN;

const TTL: u32 = 300;

/// A file for the cache, and the configuration that names it.
struct Place {
    folder: TempDir,
    path: PathBuf,
    more: String,
}

impl Place {
    fn new() -> Self {
        Self::named("cache")
    }

    fn named(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let more = format!(
            "[cache]\nfile = \"{}\"\n[log]\nformat = \"json\"\nlevel = \"debug\"\n",
            path.display()
        );
        Self { folder, path, more }
    }

    fn start(&self, upstream: &Upstream) -> Lanward {
        Lanward::start(&[upstream.address], &self.more)
    }

    /// A program that was asked for these names, and has written the file; it still runs.
    fn written(&self, upstream: &Upstream, names: &[&str]) -> Lanward {
        let lanward = self.start(upstream);
        for name in names {
            assert!(is_fresh(&ask(&lanward, name), ADDRESSES[0]));
        }
        let before = lanward.logged("cache written");
        lanward.signal("-USR1");
        assert!(until(Duration::from_secs(5), || {
            lanward.logged("cache written") > before
        }));
        lanward
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Makes the file one that was written so many seconds earlier, or later, its checksum right.
    fn shift(&self, seconds: i64) {
        let mut bytes = fs::read(&self.path).unwrap();
        let written = u64::from_be_bytes(bytes[8..16].try_into().unwrap());
        let shifted = written.checked_add_signed(seconds).unwrap();
        bytes[8..16].copy_from_slice(&shifted.to_be_bytes());
        let end = bytes.len() - 4;
        let sum = sum(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_be_bytes());
        fs::write(&self.path, bytes).unwrap();
    }
}

fn upstream() -> Upstream {
    let upstream = Upstream::start();
    upstream.otherwise(answer(ADDRESSES[0], TTL));
    upstream
}

#[test]
fn what_was_known_is_known_after_a_restart() {
    let (place, upstream) = (Place::new(), upstream());
    upstream.on("none.example", A, Response::nxdomain("example"));
    let inside = Response::new(vec![a("evil.example", "192.168.1.1")]);
    upstream.on("evil.example", A, inside);
    let lanward = place.start(&upstream);
    let asked = [
        Query::new("plain.example", A),
        Query::new("dnssec.example", A).dnssec(),
        Query::new("none.example", A),
        Query::new("evil.example", A),
    ];
    let before: Vec<Reply> = asked
        .iter()
        .map(|query| lanward.client().udp(query))
        .collect();
    lanward.stop();
    let mode = fs::metadata(&place.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(place.files(), ["cache"]);
    let address = upstream.address;
    upstream.end();
    let lanward = Lanward::start(&[address], &place.more);
    let line = lanward.line(&["cache restored"]);
    assert!(
        line.contains("\"kept\":4,\"ended\":0,\"refused\":0"),
        "{line}"
    );
    for (query, before) in asked.iter().zip(&before) {
        let after = lanward.client().udp(query);
        assert_eq!(after.essence(), before.essence(), "{query}");
        assert_eq!(after.rcode(), before.rcode());
        assert_eq!(after.errors(), before.errors());
        let ttls = |reply: &Reply| reply.records().map(|record| record.ttl).max();
        let [after, before] = [ttls(&after), ttls(before)];
        let aged = after < before && after.map(|ttl| ttl + 20) > before;
        let blocked = query.name == asked[3].name;
        assert!(aged || blocked, "{query}: {before:?}, {after:?}");
    }
    assert_eq!(before[2].rcode(), NXDOMAIN);
    assert_eq!(before[3].errors()[0].0, 15, "blocked, then and now");
    // What was not asked is not known: another type, and the same name without DNSSEC records.
    for other in [
        Query::new("plain.example", AAAA),
        Query::new("dnssec.example", A),
    ] {
        let reply = lanward.client().udp(&other);
        assert_eq!(reply.rcode(), SERVFAIL, "{other}: {}", reply.summary());
    }
}

#[test]
fn the_time_between_counts() {
    let (place, upstream) = (Place::new(), upstream());
    place.written(&upstream, &["n.example"]).stop();
    let original = fs::read(&place.path).unwrap();
    let address = upstream.address;
    upstream.end();
    let restarted = |seconds: i64| {
        fs::write(&place.path, &original).unwrap();
        place.shift(seconds);
        Lanward::start(&[address], &place.more)
    };
    let lanward = restarted(-200);
    let reply = ask(&lanward, "n.example");
    assert!(is_fresh(&reply, ADDRESSES[0]), "{}", reply.summary());
    let left = reply.answer[0].ttl;
    assert!((80..100).contains(&left), "{left}");
    drop(lanward);
    // Past its end it is as good as any other answer that is.
    let lanward = restarted(-1000);
    let reply = ask(&lanward, "n.example");
    assert!(is_stale(&reply), "{}", reply.summary());
    drop(lanward);
    let lanward = restarted(-300 - 86_400);
    lanward.line(&["cache restored", "\"kept\":0,\"ended\":1"]);
    drop(lanward);
    // Nobody knows how long it was, so the answers might live for ever.
    let lanward = restarted(100);
    lanward.line(&["cache not restored", "set back"]);
    assert_eq!(ask(&lanward, "n.example").rcode(), SERVFAIL);
    assert_eq!(place.files(), ["cache"], "the file is not to blame");
}

#[test]
fn answers_of_other_servers_are_not_taken_over() {
    let (place, first, second) = (Place::new(), upstream(), upstream());
    second.otherwise(answer(ADDRESSES[1], TTL));
    place.written(&first, &["n.example"]).stop();
    let lanward = place.start(&second);
    lanward.line(&["cache not restored", "other servers"]);
    assert!(is_fresh(&ask(&lanward, "n.example"), ADDRESSES[1]));
    // Nor are those from before a reload.
    lanward.reload(&[first.address], &place.more);
    assert!(is_fresh(&ask(&lanward, "m.example"), ADDRESSES[0]));
    lanward.stop();
    let lanward = place.start(&first);
    lanward.line(&["cache restored", "\"kept\":1"]);
    assert!(is_fresh(&ask(&lanward, "m.example"), ADDRESSES[0]));
    assert!(is_fresh(&ask(&lanward, "n.example"), ADDRESSES[0]));
    assert_eq!((first.count("m.example"), first.count("n.example")), (1, 2));
    // Another manner of asking may bring other answers, too; and what nobody judged is not taken for judged.
    lanward.stop();
    for manner in ["strategy = \"strict\"", "dnssec = \"validate\""] {
        let other = Lanward::configured(&format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{}\"]\n{manner}\n{}",
            first.address, place.more
        ));
        other.line(&["cache not restored", "other servers"]);
    }
}

#[test]
fn a_broken_file_is_put_aside() {
    let (place, upstream) = (Place::named("a name.cache"), upstream());
    place.written(&upstream, &["n.example"]).stop();
    let whole = fs::read(&place.path).unwrap();
    let cut = |length: usize| whole[..length].to_vec();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let mut more = whole.clone();
    more.push(0);
    let aside = place.folder.path().join("a name.cache.broken");
    for (broken, reason) in [
        (Vec::new(), "it is cut"),
        (cut(11), "it is cut"),
        (cut(whole.len() - 1), "it is cut"),
        (flipped(2), "not a cache that lanward wrote"),
        (flipped(7), "has the version 17"),
        (flipped(whole.len() / 2), "wrong"),
        (flipped(whole.len() - 1), "checksum is wrong"),
        (more, "goes on after its end"),
    ] {
        fs::write(&place.path, &broken).unwrap();
        let mut lanward = place.start(&upstream);
        lanward.line(&["WARN", "put aside", reason]);
        assert_eq!(fs::read(&aside).unwrap(), broken, "{reason}");
        let before = upstream.count("n.example");
        assert!(is_fresh(&ask(&lanward, "n.example"), ADDRESSES[0]));
        assert_eq!(upstream.count("n.example"), before + 1, "{reason}");
        lanward.assert_alive();
        lanward.stop();
        assert_eq!(place.files(), ["a name.cache", "a name.cache.broken"]);
    }
    let lanward = place.start(&upstream);
    lanward.line(&["cache restored", "\"kept\":1"]);
}

#[test]
fn a_crash_leaves_the_file_from_before() {
    let (place, upstream) = (Place::new(), upstream());
    // Left from another crash.
    fs::write(place.folder.path().join("cache.new"), "half").unwrap();
    let lanward = place.written(&upstream, &["before.example"]);
    assert_eq!(place.files(), ["cache"]);
    let whole = fs::read(&place.path).unwrap();
    ask(&lanward, "after.example");
    drop(lanward);
    assert_eq!(fs::read(&place.path).unwrap(), whole, "killed");
    // While it writes, too.
    for round in 0..10 {
        let lanward = place.start(&upstream);
        let restored = lanward.line(&["cache restored"]);
        assert!(restored.contains("\"refused\":0"), "{restored}");
        assert!(is_fresh(&ask(&lanward, "before.example"), ADDRESSES[0]));
        for at in 0..50 {
            ask(&lanward, &format!("n{at}.round{round}.example"));
        }
        lanward.signal("-USR1");
        until(Duration::from_millis(round), || false);
        drop(lanward);
    }
    assert_eq!(upstream.count("before.example"), 1);
}

#[test]
fn a_full_disk_costs_a_line_in_the_log() {
    if !inside("cache::restart::a_full_disk_costs_a_line_in_the_log") {
        return;
    }
    ip("link set lo up");
    let (place, upstream) = (Place::new(), upstream());
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=32k,mode=700", "tmpfs"])
        .arg(place.folder.path())
        .status();
    assert!(mounted.unwrap().success());
    let mut lanward = place.written(&upstream, &["n.example"]);
    let whole = fs::read(&place.path).unwrap();
    for at in 0..500 {
        ask(&lanward, &format!("n{at}.full.example"));
    }
    lanward.signal("-USR1");
    lanward.line(&["WARN", "cannot be written", "No space left"]);
    lanward.signal("-USR1");
    lanward.line(&["DEBUG", "still cannot be written"]);
    lanward.assert_alive();
    assert_eq!(fs::read(&place.path).unwrap(), whole, "the old one stays");
    assert_eq!(place.files(), ["cache"]);
    assert_eq!(lanward.logged("WARN"), 1, "{:?}", lanward.lines());
    lanward.stop();
    let lanward = place.start(&upstream);
    lanward.line(&["cache restored", "\"kept\":1"]);
}

#[test]
fn without_its_folder_it_serves_and_says_so() {
    let (place, upstream) = (Place::named("missing/cache"), upstream());
    let mut lanward = place.start(&upstream);
    lanward.line(&["WARN", "[cache] file", "folder cannot be used"]);
    assert!(is_fresh(&ask(&lanward, "n.example"), ADDRESSES[0]));
    lanward.signal("-USR1");
    lanward.line(&["WARN", "cannot be written", "No such file"]);
    lanward.assert_alive();
    lanward.stop();
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    let lanward = place.start(&upstream);
    lanward.line(&["WARN", "cache not restored: it is no file"]);
    assert!(is_fresh(&ask(&lanward, "n.example"), ADDRESSES[0]));
    lanward.stop();
    assert_eq!(place.files(), ["cache"]);
}

/// CRC-32 (ISO 3309), bit by bit.
fn sum(bytes: &[u8]) -> u32 {
    let step = |sum: u32| {
        if sum & 1 == 1 {
            sum >> 1 ^ 0xedb8_8320
        } else {
            sum >> 1
        }
    };
    let add = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum));
    !bytes.iter().fold(!0, add)
}
