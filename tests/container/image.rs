//! What the image is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::engine::{Container, build, docker, image};

/// As a sidecar should run: nothing writable, no right, none to be had.
const BOUND: [&str; 5] = [
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
];

/// Runs the image so, with `more` from `docker run`.
pub(crate) fn start(more: &[&str]) -> Container {
    start_with(more, &[])
}

/// The same with a command line of its own.
pub(crate) fn start_with(more: &[&str], command: &[&str]) -> Container {
    let mut arguments = BOUND.to_vec();
    arguments.extend(more);
    arguments.push(image());
    arguments.extend(command);
    Container::run(&arguments)
}

fn fact(image: &str, template: &str) -> String {
    let said = docker(&["image", "inspect", "--format", template, image]);
    said.trim().to_owned()
}

#[test]
fn it_holds_the_program_its_configuration_and_root_certificates_and_nothing_else() {
    let lanward = start(&[]);
    let listed = Command::new("sh")
        .args(["-c", "docker export \"$1\" | tar -t", "sh", lanward.id()])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    // What the engine lays over every image.
    let engines = |file: &&str| {
        let places = [
            ".dockerenv",
            "dev/",
            "proc/",
            "sys/",
            "etc/hosts",
            "etc/hostname",
            "etc/mtab",
        ];
        places.iter().any(|place| file.starts_with(place)) || *file == "etc/resolv.conf"
    };
    let mut files: Vec<&str> = listed.lines().filter(|file| !engines(file)).collect();
    files.sort_unstable();
    let expected = [
        "etc/",
        "etc/lanward/",
        "etc/lanward/lanward.toml",
        "etc/ssl/",
        "etc/ssl/certs/",
        "etc/ssl/certs/ca-certificates.crt",
        "lanward",
        "var/",
        "var/cache/",
        "var/cache/lanward/",
        "var/lib/",
        "var/lib/lanward/",
    ];
    assert_eq!(files, expected);
}

/// What is tested is optimised crate by crate, and so 2 MB larger than a release; that scripts/release-image holds to 15 MB.
#[test]
fn it_is_small() {
    if cfg!(debug_assertions) {
        println!("skipped: it_is_small: this is a debug build");
        return;
    }
    let size: u64 = fact(image(), "{{.Size}}").parse().unwrap();
    let binary = fs::metadata(env!("CARGO_BIN_EXE_lanward")).unwrap().len();
    println!("figure: the image has {size} octets, {binary} of them are the binary");
    assert!(size - binary < 500_000, "{size} octets without {binary}");
    assert!(size < 17_000_000, "{size} octets");
}

#[test]
fn it_says_what_it_is() {
    let label = |image: &str, key: &str| {
        let template = format!("{{{{index .Config.Labels \"org.opencontainers.image.{key}\"}}}}");
        fact(image, &template)
    };
    for (key, value) in [
        ("title", env!("CARGO_PKG_NAME")),
        ("description", env!("CARGO_PKG_DESCRIPTION")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("version", env!("CARGO_PKG_VERSION")),
        ("revision", ""),
        ("created", ""),
    ] {
        assert_eq!(label(image(), key), value, "{key}");
    }
    assert_eq!(fact(image(), "{{.Config.User}}"), "65532:65532");
    assert_eq!(
        fact(image(), "{{json .Config.ExposedPorts}}"),
        r#"{"53/tcp":{},"53/udp":{}}"#
    );
    assert_eq!(fact(image(), "{{json .Config.Volumes}}"), "null");
}

/// Nothing of the image runs while it is made, so any machine makes it for any other.
#[test]
fn it_is_made_for_other_architectures() {
    for (platform, folder, architecture) in [
        ("linux/amd64", "amd64", "amd64"),
        ("linux/arm64", "arm64", "arm64"),
        ("linux/arm/v7", "armv7", "armv7"),
    ] {
        let binaries = tempfile::tempdir().unwrap();
        fs::create_dir(binaries.path().join(folder)).unwrap();
        fs::write(binaries.path().join(folder).join("lanward"), "a program").unwrap();
        let tag = format!("lanward:{folder}");
        let commit = "REVISION=0123456789abcdef0123456789abcdef01234567";
        let more = ["--platform", platform, "--tag", &tag, "--build-arg", commit];
        build(binaries.path(), &more);
        let template = "{{.Os}} {{.Architecture}}{{.Variant}}";
        assert_eq!(fact(&tag, template), format!("linux {architecture}"));
        assert!(commit.ends_with(&fact(
            &tag,
            "{{index .Config.Labels \"org.opencontainers.image.revision\"}}"
        )));
    }
}

/// Without the roots it would be of no use to whoever asks over TLS, and nobody would notice before.
#[test]
fn it_is_not_made_without_root_certificates() {
    let binaries = tempfile::tempdir().unwrap();
    fs::create_dir(binaries.path().join("amd64")).unwrap();
    fs::write(binaries.path().join("amd64/lanward"), "a program").unwrap();
    let context = format!("binary={}", binaries.path().display());
    let output = crate::engine::attempt(&[
        "buildx",
        "build",
        "--file",
        "packaging/Dockerfile",
        "--platform",
        "linux/amd64",
        "--build-context",
        &context,
        ".",
    ]);
    assert!(!output.status.success());
    assert!(crate::engine::said(&output).contains("ca-certificates.crt"));
}

/// Whoever cloned the repository with a strict umask gets an image that works, and the same one.
#[test]
fn modes_in_it_are_not_those_of_the_clone() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let only_the_owner = |path: &Path, text: &[u8]| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["packaging/Dockerfile", "packaging/container.toml"] {
        let text = fs::read(repository.join(file)).unwrap();
        only_the_owner(&place("clone").join(file), &text);
    }
    for file in ["amd64/lanward", "ca-certificates.crt"] {
        only_the_owner(&place("binary").join(file), b"a program");
    }
    let [clone, dockerfile, binary, image] =
        ["clone", "clone/packaging/Dockerfile", "binary", "image"]
            .map(|name| place(name).display().to_string());
    docker(&[
        "buildx",
        "build",
        "--file",
        &dockerfile,
        "--platform",
        "linux/amd64",
        "--build-context",
        &format!("binary={binary}"),
        "--output",
        &format!("type=local,dest={image}"),
        &clone,
    ]);
    for (path, expected) in [
        ("lanward", 0o755),
        ("etc/lanward", 0o755),
        ("etc/lanward/lanward.toml", 0o644),
        ("etc/ssl/certs", 0o755),
        ("etc/ssl/certs/ca-certificates.crt", 0o644),
        ("var/cache", 0o755),
        ("var/cache/lanward", 0o700),
        ("var/lib", 0o755),
        ("var/lib/lanward", 0o700),
    ] {
        let found = mode(&place("image").join(path));
        assert_eq!(found, expected, "{path}: {found:o}");
    }
}

#[test]
fn it_runs_as_somebody_who_may_do_nothing() {
    for more in [&["--read-only"][..], &BOUND] {
        let lanward = Container::run(
            &[more, &["--env", "LANWARD_UPSTREAM=127.0.0.1:5300", image()]].concat(),
        );
        lanward.wait_ready();
        for key in ["Uid", "Gid"] {
            assert_eq!(lanward.status(key), "65532\t65532\t65532\t65532");
        }
        assert_eq!(lanward.status("Groups"), "65532");
        for key in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
            assert_eq!(lanward.status(key), "0000000000000000", "{key}");
        }
    }
}
