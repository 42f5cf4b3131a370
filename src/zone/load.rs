//! Zone files from the disk. The only file of this floor that touches one.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Record;
use super::finding::{Finding, Severity};
use super::master::{self, LIMITS, Open, Source};
use crate::wire::Name;

/// Reads the zone file at `path` and what it includes; all that is wrong, or all records.
///
/// Included files are looked for in the folder of the zone file and must stand in it or below, wherever their links lead: a zone
/// file may come from someone who must not read the rest of the machine.
pub fn load(path: &Path, origin: &Name) -> Result<Vec<Record>, Vec<Finding>> {
    load_with(path, |source, open| master::read(source, origin, open))
}

/// Reads a file of single records, as tools print them: names are absolute, and TTLs may be missing.
pub fn load_single(path: &Path) -> Result<Vec<Record>, Vec<Finding>> {
    load_with(path, |source, open| master::read_single(source, 0, open))
}

fn load_with(
    path: &Path,
    read_source: impl FnOnce(&Source, &mut Open<'_>) -> Result<Vec<Record>, Vec<Finding>>,
) -> Result<Vec<Record>, Vec<Finding>> {
    let failed = |error: io::Error| {
        vec![Finding {
            severity: Severity::Error,
            file: path.to_owned(),
            line: 0,
            problem: format!("it cannot be read: {error}"),
        }]
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let real_folder = folder.canonicalize().map_err(failed)?;
    let bytes = read(path).map_err(failed)?;
    let source = Source {
        path: path.to_owned(),
        bytes,
    };
    read_source(&source, &mut |name| {
        include(path, folder, &real_folder, name)
    })
}

fn include(zone: &Path, folder: &Path, real_folder: &Path, name: &str) -> Result<Source, String> {
    let failed = |error: io::Error| format!("{name:?} cannot be read: {error}");
    let real = folder.join(name).canonicalize().map_err(failed)?;
    if !real.starts_with(real_folder) {
        return Err(format!("{name:?} is not in the folder of the zone file"));
    }
    let bytes = read(&real).map_err(failed)?;
    let path = zone
        .parent()
        .map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
    Ok(Source { path, bytes })
}

/// The octets of a file. Anything that is no file, such as a pipe, could keep the reader waiting forever.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    // One octet more than is allowed suffices to be refused.
    let limit = u64::try_from(LIMITS.octets).unwrap_or(u64::MAX);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn home() -> Name {
        "home.arpa".parse().unwrap()
    }

    /// Loads a zone of this text, with a folder `out` beside its own and files in both.
    fn load_text(text: &str) -> Result<Vec<Record>, Vec<String>> {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("zones");
        for folder in ["zones/below", "out"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        for file in ["zones/a", "zones/below/a", "out/a"] {
            fs::write(root.path().join(file), "x A 192.0.2.1\n").unwrap();
        }
        #[cfg(unix)]
        for (from, to) in [
            ("link", "../out/a"),
            ("way", "../out"),
            ("inside", "below/a"),
        ] {
            std::os::unix::fs::symlink(to, folder.join(from)).unwrap();
        }
        let text = text.replace("ROOT", &root.path().display().to_string());
        let path = folder.join("zone");
        fs::write(&path, format!("$TTL 1\n{text}")).unwrap();
        load(&path, &home()).map_err(|findings| {
            let told = findings.iter().map(ToString::to_string);
            let root = root.path().display().to_string();
            told.map(|told| told.replace(&root, "ROOT")).collect()
        })
    }

    #[test]
    fn files_in_the_folder_are_included() {
        let names = ["a", "below/a", "./below/../a", "ROOT/zones/a"];
        for name in names {
            let records = load_text(&format!("$INCLUDE {name}")).unwrap();
            assert_eq!(records.len(), 1, "{name}");
        }
        #[cfg(unix)]
        assert_eq!(load_text("$INCLUDE inside").unwrap().len(), 1);
    }

    #[test]
    fn files_outside_the_folder_are_not_included() {
        let names = ["../out/a", "ROOT/out/a", "below/../../out/a"];
        #[cfg(unix)]
        let links = [
            "link",
            "way/a",
            "ROOT/zones/link",
            "/etc/hostname",
            "/proc/self/environ",
        ];
        #[cfg(not(unix))]
        let links: [&str; 0] = [];
        for name in names.into_iter().chain(links) {
            let told = load_text(&format!("$INCLUDE {name}")).unwrap_err();
            let shown = format!("{name:?}");
            assert_eq!(
                told,
                [format!(
                    "ROOT/zones/zone:2: \"$INCLUDE {name}\": {shown} is not in the folder of the zone file"
                )]
            );
        }
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let told = load_text("$INCLUDE below").unwrap_err();
        let expected =
            "ROOT/zones/zone:2: \"$INCLUDE below\": \"below\" cannot be read: it is no file";
        assert_eq!(told, [expected]);
        let told = load_text("$INCLUDE none").unwrap_err();
        assert!(told[0].contains("\"none\" cannot be read: "), "{told:?}");
        let told = load(Path::new("/"), &home()).unwrap_err();
        assert_eq!(told[0].to_string(), "/: it cannot be read: it is no file");
        let told = load(Path::new("/none/zone"), &home()).unwrap_err();
        assert_eq!((told.len(), told[0].line), (1, 0));
    }

    #[test]
    fn faults_name_the_file_as_it_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home.zone");
        fs::write(&path, "nas 1 A 192.168.1\n$INCLUDE inc\n").unwrap();
        fs::write(folder.path().join("inc"), "\n\nx 1 A ::1\n").unwrap();
        let told: Vec<_> = load(&path, &home())
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        let at = folder.path().display();
        let expected = [
            format!("{at}/home.zone:1: \"nas 1 A 192.168.1\": \"192.168.1\" is no IPv4 address"),
            format!("{at}/inc:3: \"x 1 A ::1\": \"::1\" is no IPv4 address"),
        ];
        assert_eq!(told, expected);
    }

    /// Prints how long it takes; machines differ too much to assert it.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the time is what is printed")]
    fn many_names_load() {
        use std::fmt::Write;
        let mut text =
            String::from("$TTL 1h\n@ SOA ns host 1 1d 2h 4w 5m\n@ NS ns\nns A 192.0.2.1\n");
        for number in 0..100_000_u32 {
            let address = Ipv4Addr::from(0x0a00_0000 + number);
            match number % 4 {
                0 => writeln!(text, "host-{number}\t3600 IN A {address}"),
                1 => writeln!(
                    text,
                    "host-{number} AAAA {}",
                    Ipv6Addr::from(u128::from(number))
                ),
                2 => writeln!(text, "host-{number} CNAME host-{}", number - 2),
                _ => writeln!(text, "host-{number} TXT \"number {number}\" ; text"),
            }
            .unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zone");
        fs::write(&path, text).unwrap();
        let start = std::time::Instant::now();
        let records = load(&path, &home()).unwrap();
        let loaded = start.elapsed();
        let special = crate::name::special::SpecialUse::new();
        let findings = crate::zone::check(
            &home(),
            crate::zone::Mode::Authoritative,
            &records,
            &special,
        );
        println!(
            "100,000 names: load {loaded:?}, load and check {:?}",
            start.elapsed()
        );
        assert_eq!(records.len(), 100_003);
        assert_eq!(findings, []);
    }
}
