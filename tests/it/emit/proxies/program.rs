//! The proxies themselves, each with the least configuration around the snippets, as a child in the foreground.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{JELLYFIN, PLEX, STRANGER, Site, World};
use crate::support::until;

/// A running proxy; killed when dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    child: Child,
    sites: [Site; 3],
}

impl Proxy {
    /// Starts it in the folder of the test, and waits until it listens.
    fn start(world: &World, command: &mut Command, sites: [Site; 3]) -> Self {
        let log = fs::File::create(world.path("log")).unwrap();
        let child = command
            .current_dir(world.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut proxy = Self { child, sites };
        let listens = until(Duration::from_secs(20), || {
            proxy.child.try_wait().unwrap().is_some()
                || sites.iter().all(|site| world.connect(*site).is_some())
        });
        let log = fs::read_to_string(world.path("log")).unwrap();
        let ended = proxy.child.try_wait().unwrap();
        assert!(listens && ended.is_none(), "it does not start: {log}");
        proxy
    }

    /// Plex, the Plex server with a wrong certificate, and Jellyfin.
    pub(super) fn sites(&self) -> [Site; 3] {
        self.sites
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Nothing but where programs are, and what is given besides.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// Panics with what a checker said, unless it was content; gives that otherwise.
fn content(world: &World, command: &mut Command) -> String {
    let output: Output = command
        .current_dir(world.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

const SITES: [Site; 3] = [PLEX, STRANGER, JELLYFIN];

/// The snippets one behind the other.
fn pasted(world: &World, proxy: &str, sites: [Site; 3], more: &[&str]) -> String {
    let texts = sites.map(|site| world.placed(&site.emit(proxy, more)));
    texts.join("\n")
}

/// Caddy reads the text as it was printed. It would order certificates on the Internet, so it is handed one in what it made of the text.
pub(super) fn caddy(world: &World) -> Proxy {
    let global = PLEX.emit("caddy", &["--part", "global"]);
    for site in SITES {
        let same = site.emit("caddy", &["--part", "global"]);
        let text = |text: &str| text.split_once("\n{").map(|(_, rest)| rest.to_owned());
        assert_eq!(
            text(&same).map(|text| text.replace(site.host, PLEX.host)),
            text(&global),
            "once for all"
        );
    }
    let text = format!(
        "{global}\n{}",
        pasted(world, "caddy", SITES, &["--part", "site"])
    );
    fs::write(world.path("Caddyfile"), text).unwrap();
    let file = ["--adapter", "caddyfile", "--config", "Caddyfile"];
    let run = |verb: &str| {
        let mut caddy = command("caddy");
        caddy
            .arg(verb)
            .env("HOME", world.path(""))
            .env("SSL_CERT_FILE", world.path("roots.pem"));
        caddy
    };
    let said = content(world, run("validate").args(file));
    assert!(said.contains("Valid configuration"), "{said}");
    let mut adapt = run("adapt");
    let adapted = adapt
        .args(file)
        .current_dir(world.folder.path())
        .output()
        .unwrap();
    let mut config: Value = serde_json::from_slice(&adapted.stdout).unwrap();
    let [certificate, key] = world.certificate();
    config["apps"]["tls"]["certificates"]["load_files"] =
        json!([{ "certificate": certificate, "key": key }]);
    config["admin"] = json!({ "disabled": true });
    fs::write(world.path("caddy.json"), config.to_string()).unwrap();
    Proxy::start(world, run("run").args(["--config", "caddy.json"]), SITES)
}

/// nginx with an access log and an error log of everything around the snippets, as Debian has them.
pub(super) fn nginx(world: &World) -> Proxy {
    fs::write(world.path("sites.conf"), pasted(world, "nginx", SITES, &[])).unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: Vec<String> = temporary
        .iter()
        .map(|kind| format!("{kind}_temp_path {};\n", world.path(kind)))
        .collect();
    let temporary = temporary.concat();
    let conf = format!(
        "daemon off;\nuser root;\npid {pid};\nerror_log {log} info;\nevents {{}}\nhttp {{\naccess_log {access};\n{temporary}include {sites};\n}}\n",
        pid = world.path("nginx.pid"),
        log = world.path("main-error.log"),
        access = world.path("access.log"),
        sites = world.path("sites.conf"),
    );
    fs::write(world.path("nginx.conf"), conf).unwrap();
    let path = world.path("nginx.conf");
    let arguments = ["-c", path.as_str(), "-e", "stderr"];
    let said = content(world, command("nginx").arg("-t").args(arguments));
    assert!(!said.contains("[warn]"), "{said}");
    Proxy::start(world, command("nginx").args(arguments), SITES)
}

/// `HAProxy` with the defaults of Debian that matter: they stand against the snippets.
pub(super) fn haproxy(world: &World) -> Proxy {
    let base = "global\n    log stdout format raw local0\n    ca-base /etc/ssl/certs\ndefaults\n    log global\n    mode http\n    option httplog\n    \
                option dontlognull\n    option forwardfor\n    timeout connect 5000\n    timeout client 50000\n    timeout server 50000\n";
    let sites = pasted(world, "haproxy", SITES, &[]);
    fs::write(world.path("haproxy.cfg"), format!("{base}{sites}")).unwrap();
    let said = content(
        world,
        command("haproxy").args(["-c", "-V", "-f", "haproxy.cfg"]),
    );
    assert!(
        said.contains("valid") && !said.contains("[WARNING]"),
        "{said}"
    );
    Proxy::start(
        world,
        command("haproxy").args(["-db", "-f", "haproxy.cfg"]),
        SITES,
    )
}

/// Apache, which has no root of its own in this network, so that it asks for none; hence no port below 1024.
pub(super) fn apache(world: &World) -> Proxy {
    let sites = [PLEX.at(7443), STRANGER, JELLYFIN];
    let modules = [
        "mpm_event",
        "authz_core",
        "proxy",
        "proxy_http",
        "proxy_wstunnel",
        "ssl",
        "socache_shmcb",
        "headers",
        "http2",
    ];
    let modules: Vec<String> = modules
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let modules = modules.concat();
    let folder = world.path("");
    let folder = folder.trim_end_matches('/');
    let conf = format!(
        "Define APACHE_LOG_DIR {folder}\nServerRoot {folder}\nServerName apache.example\nPidFile apache.pid\n{modules}\
         ErrorLog ${{APACHE_LOG_DIR}}/error.log\nLogLevel info\nCustomLog ${{APACHE_LOG_DIR}}/other.log \"%r\"\n{}",
        pasted(world, "apache", sites, &[])
    );
    fs::write(world.path("apache.conf"), conf).unwrap();
    let file = world.path("apache.conf");
    let said = content(world, command("apache2").args(["-t", "-f", &file]));
    assert!(said.contains("Syntax OK"), "{said}");
    let mut unshare = command("unshare");
    unshare
        .args(["--map-user=1000", "--map-group=1000", "--", "apache2"])
        .args(["-D", "FOREGROUND", "-f", &file]);
    Proxy::start(world, &mut unshare, sites)
}

/// All that it wrote into logs.
pub(super) fn logs(world: &World) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let is_log = path.extension().is_some_and(|kind| kind == "log") || path.ends_with("log");
        if is_log {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}
