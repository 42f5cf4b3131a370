//! The examples of packaging/compose as files; tests/container starts them.

use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Yaml};

use crate::support::command::run;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The folders of all examples.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(ROOT).join("packaging/compose");
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The words of a list.
fn words<'a>(node: &'a Yaml<'_>) -> Vec<&'a str> {
    let items = node.as_sequence().into_iter().flatten();
    items.filter_map(Yaml::as_str).collect()
}

#[test]
fn no_example_gives_lanward_more_than_it_needs() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    for folder in examples() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let link = format!("packaging/compose/{name}");
        assert!(readme.contains(&link), "README.md names no {link}");
        let text = fs::read_to_string(folder.join("compose.yaml")).unwrap();
        let document = Yaml::load_from_str(&text).unwrap().remove(0);
        assert!(document.as_mapping_get("version").is_none(), "{name}");
        let services = document.as_mapping_get("services").unwrap();
        let mut found = 0;
        for (service, keys) in services.as_mapping().unwrap() {
            let key = |key| keys.as_mapping_get(key);
            let Some(image) = key("image").and_then(Yaml::as_str) else {
                continue;
            };
            let place = format!("{name}: {service:?}");
            assert_eq!(
                key("restart").and_then(Yaml::as_str),
                Some("unless-stopped"),
                "{place}"
            );
            if !image.contains("lanward") {
                let tag = image.rsplit_once(':').map(|(_, tag)| tag);
                assert!(tag.is_some_and(|tag| tag != "latest"), "{place}: {image}");
                continue;
            }
            found += 1;
            assert_eq!(
                key("read_only").and_then(Yaml::as_bool),
                Some(true),
                "{place}"
            );
            assert_eq!(key("cap_drop").map(words), Some(vec!["ALL"]), "{place}");
            assert_eq!(
                key("security_opt").map(words),
                Some(vec!["no-new-privileges:true"]),
                "{place}"
            );
            if let Some(build) = key("build") {
                let part = |part| build.as_mapping_get(part).and_then(Yaml::as_str).unwrap();
                let file = folder.join(part("context")).join(part("dockerfile"));
                assert!(file.exists(), "{place}: {}", file.display());
            }
        }
        assert!(found > 0, "{name}");
    }
}

#[test]
fn every_configuration_in_an_example_is_right() {
    let mut checked = 0;
    for folder in examples() {
        for file in ["lanward.toml", "lanward/lanward.toml"].map(|file| folder.join(file)) {
            if file.exists() {
                let ran = run(&["check", "--config", file.to_str().unwrap()]);
                let right = ran.code == Some(0) && ran.complaints.is_empty();
                assert!(right, "{}{}", ran.out, ran.complaints);
                checked += 1;
            }
        }
    }
    assert!(checked > 1);
}

#[test]
fn adguard_home_asks_lanward_and_knows_the_names_of_the_router() {
    let file = "packaging/compose/behind-adguard-home/conf/AdGuardHome.yaml";
    let file = Path::new(ROOT).join(file);
    let peer = format!("adguard-home:{}", file.display());
    let ran = run(&["check", "--peer", &peer]);
    let said = format!("{}{}", ran.out, ran.complaints);
    for line in [
        "servers = [\"10.53.56.53:53\"]",
        "domains = [\"lan\"]",
        // That lanward is behind it, AdGuard Home cannot tell.
        ": 0 errors, 1 warning",
        "the protection from DNS rebinding is off",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(ran.code, Some(0));
}
