//! `packaging/kubernetes`: what Kubernetes would say of it, and lanward of the configuration in it. No cluster can be started here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::support::command::run;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/kubernetes");
/// What `scripts/test` installs: kubernetes-validate from `PyPI`, which carries the schemas of each version.
const VALIDATOR: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/kubernetes/bin/kubernetes-validate"
);
/// The first version that knows all of it (`sleep` in `preStop`), and the last that the validator knows.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];
/// What Kustomize and lanward read themselves.
const OTHERS: [&str; 3] = ["kustomization.yaml", "lanward.toml", "README.md"];

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file)).unwrap()
}

/// The files that say what there is to be in the cluster.
fn manifests() -> BTreeSet<String> {
    let files = fs::read_dir(FOLDER).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    files
        .filter(|file| !OTHERS.contains(&file.as_str()))
        .collect()
}

#[test]
fn kubernetes_takes_every_file() {
    if !fs::exists(VALIDATOR).unwrap() {
        assert!(
            env::var_os("LANWARD_NO_SKIP").is_none(),
            "kubernetes-validate is missing: run scripts/test"
        );
        println!("skipped: kubernetes_takes_every_file: kubernetes-validate (PyPI) is not there");
        return;
    }
    for version in VERSIONS {
        let output = Command::new(VALIDATOR)
            .args(["--strict", "-k", version])
            .args(manifests())
            .current_dir(FOLDER)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{version}: {said}");
        assert_eq!(said.matches("passed").count(), manifests().len(), "{said}");
    }
}

#[test]
fn kustomize_is_told_of_every_file() {
    let text = read("kustomization.yaml");
    let (_, resources) = text.split_once("resources:\n").unwrap();
    let listed = (resources.lines()).map_while(|line| line.strip_prefix("  - "));
    let listed: BTreeSet<_> = listed.map(str::to_owned).collect();
    assert_eq!(listed, manifests());
    assert!(text.contains("      - lanward.toml\n"), "{text}");
}

/// The port stands in the configuration, the ports of the pod and its probes.
#[test]
fn the_configuration_is_right_and_the_pod_fits_it() {
    let file = Path::new(FOLDER).join("lanward.toml");
    let checked = run(&["check", "--config", file.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0));
    assert!(
        checked.out.contains("0 errors, 0 warnings"),
        "{}",
        checked.out
    );
    let text = read("lanward.toml");
    let (_, rest) = text.split_once("listen = [\"0.0.0.0:").unwrap();
    let (port, _) = rest.split_once('"').unwrap();
    let pod = read("deployment.yaml");
    let says = |what: &str| pod.matches(what).count();
    assert_eq!(says(&format!("containerPort: {port}\n")), 2);
    let probe = format!("[\"/lanward\", \"healthcheck\", \"--server\", \"127.0.0.1:{port}\"]\n");
    assert_eq!([says("Probe:"), says(&probe)], [3, 3], "{pod}");
}
