//! An example of packaging/compose, started as its reader would, and the images that it names.

use std::cell::Cell;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{LazyLock, Mutex};
use std::{fs, iter, thread};

use tempfile::TempDir;

use super::engine::{binary, docker, image, said};

/// A running example; it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Project {
    example: String,
    variables: Vec<(String, String)>,
    files: Vec<String>,
    folder: TempDir,
    /// Whether there is anything to end: others may run the same example.
    runs: Cell<bool>,
}

impl Project {
    /// The example as it stands in the repository, with variables in place of those in its `.env`. Nothing runs yet.
    pub(crate) fn new(example: &str, variables: &[(&str, &str)]) -> Self {
        image();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            example: example.to_owned(),
            variables: variables.iter().map(owned).collect(),
            files: vec!["compose.yaml".to_owned()],
            folder: tempfile::tempdir().unwrap(),
            runs: Cell::new(false),
        }
    }

    /// Lays this over the example, as Compose does with a second file.
    pub(crate) fn change(&mut self, yaml: &str) {
        let file = self.folder.path().join(self.files.len().to_string());
        fs::write(&file, yaml).unwrap();
        self.files.push(file.to_str().unwrap().to_owned());
    }

    /// Takes this for the example's own file.
    pub(crate) fn replace(&mut self, yaml: &str) {
        self.change(yaml);
        self.files.remove(0);
    }

    /// `docker compose` with these arguments; it must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.attempt(arguments);
        assert!(
            output.status.success(),
            "{}: docker compose {}: {}\n{}",
            self.example,
            arguments.join(" "),
            said(&output),
            said(&self.attempt(&["logs"]))
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same where it may fail.
    pub(crate) fn attempt(&self, arguments: &[&str]) -> Output {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/compose");
        let folder = folder.join(&self.example);
        let mut compose = Command::new("docker");
        compose
            .args(["compose", "--project-directory"])
            .arg(&folder);
        for file in &self.files {
            compose.args(["--file", file]);
        }
        compose
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null());
        compose.output().expect("docker compose")
    }

    /// Starts what does not run as it should, and waits until it does.
    pub(crate) fn up(&self) {
        self.runs.set(true);
        self.run(&["up", "--wait"]);
    }

    /// One fact of a service's container, as a template of `docker inspect`.
    pub(crate) fn fact(&self, service: &str, template: &str) -> String {
        let id = self.run(&["ps", "--quiet", service]);
        docker(&["inspect", "--format", template, id.trim()])
            .trim()
            .to_owned()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if !self.runs.get() {
            return;
        }
        if thread::panicking() {
            println!("{}", said(&self.attempt(&["logs"])));
        }
        drop(self.attempt(&["down", "--volumes", "--timeout", "2"]));
    }
}

/// Makes an image that plays another one, which cannot be pulled here, from the file of this name in `images`; once.
pub(crate) fn stand_in(tag: &str, file: &str) {
    static MADE: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    if !made.iter().any(|other| other == tag) {
        let folder = "tests/container/images";
        let file = format!("{folder}/{file}.Dockerfile");
        docker(&["buildx", "build", "--file", &file, "--tag", tag, folder]);
        made.push(tag.to_owned());
    }
}

#[test]
fn docker_compose_reads_every_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/compose");
    for example in fs::read_dir(folder).unwrap() {
        let name = example.unwrap().file_name();
        let project = Project::new(name.to_str().unwrap(), &[]);
        let output = project.attempt(&["config", "--quiet"]);
        let said = said(&output);
        // Nor has it anything to remark, such as a variable that is not set.
        assert!(
            output.status.success() && said.is_empty(),
            "{name:?}: {said}"
        );
    }
}

/// Whoever starts one first has no image yet. `docker compose up` makes it by these words; here with a binary that is there already.
#[test]
fn docker_compose_builds_the_image_of_every_example() {
    let binary = binary();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/compose");
    for example in fs::read_dir(folder).unwrap() {
        let name = example.unwrap().file_name();
        // Not the image that other tests look at.
        let variables = [("LANWARD_IMAGE", "lanward:built")];
        let mut project = Project::new(name.to_str().unwrap(), &variables);
        let read = project.run(&["config", "--format", "json"]);
        let read: serde_json::Value = serde_json::from_str(&read).unwrap();
        let services = read["services"].as_object().unwrap().iter();
        let lanwards = services.filter(|(_, service)| {
            let image = service["image"].as_str();
            image.is_some_and(|image| image.starts_with("lanward"))
        });
        let mut changes = "services:\n".to_owned();
        for (service, keys) in lanwards {
            assert!(keys.get("build").is_some(), "{name:?}: {service}");
            write!(
                changes,
                "  {service}:\n    image: lanward:built\n    build:\n      additional_contexts:\n        binary: {}\n",
                binary.path().display()
            )
            .unwrap();
        }
        project.change(&changes);
        let services = project.run(&["config", "--services"]);
        let lanwards = services
            .lines()
            .filter(|service| changes.contains(&format!("  {service}:\n")));
        let build: Vec<&str> = iter::once("build").chain(lanwards).collect();
        assert!(build.len() > 1, "{name:?}");
        project.run(&build);
        docker(&["image", "rm", "lanward:built"]);
    }
}
