//! The configuration file as it is written.
//!
//! Every key has a default, unknown keys are errors. Values that need a closer look keep their place in the file, so that what
//! is wrong with them can be said with line and column.

use serde::Deserialize;
use toml::Spanned;

/// A text with its place in the file.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) server: Server,
    pub(super) upstream: Upstream,
    pub(super) route: Vec<Route>,
    pub(super) zone: Vec<Zone>,
    pub(super) host: Vec<Host>,
    pub(super) hosts: Hosts,
    pub(super) leases: Vec<Leases>,
    pub(super) embedded: Embedded,
    pub(super) rebinding: Rebinding,
    pub(super) cache: Cache,
    pub(super) log: Log,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: Option<Vec<Text>>,
    pub(super) allow: Option<Vec<Text>>,
    pub(super) workers: Option<Spanned<usize>>,
    pub(super) firefox_canary: Option<bool>,
    pub(super) lame_duck: Option<Spanned<u64>>,
    pub(super) tls: Option<Encrypted>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Encrypted {
    pub(super) certificate: Option<Text>,
    pub(super) key: Option<Text>,
    pub(super) self_signed: Option<Spanned<bool>>,
    pub(super) state: Option<Text>,
    pub(super) name: Option<Text>,
    pub(super) tls: Vec<Text>,
    pub(super) https: Vec<Text>,
    pub(super) path: Option<Text>,
    pub(super) quic: Vec<Text>,
    pub(super) h3: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) servers: Option<Vec<Text>>,
    pub(super) bootstrap: Vec<Text>,
    pub(super) ca: Option<Text>,
    pub(super) strategy: Option<Text>,
    pub(super) failover_on: Option<Vec<Text>>,
    pub(super) dnssec: Option<Text>,
    pub(super) trust_anchor: Option<Text>,
    pub(super) negative_trust_anchors: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) domains: Spanned<Vec<Text>>,
    pub(super) servers: Spanned<Vec<Text>>,
    #[serde(default)]
    pub(super) private: bool,
    pub(super) ca: Option<Text>,
    pub(super) strategy: Option<Text>,
    pub(super) failover_on: Option<Vec<Text>>,
    pub(super) dnssec: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) origin: Text,
    pub(super) file: Text,
    pub(super) mode: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub(super) name: Text,
    pub(super) addresses: Spanned<Vec<Text>>,
    pub(super) ttl: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Hosts {
    pub(super) files: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leases {
    pub(super) file: Text,
    pub(super) format: Text,
    pub(super) domain: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Embedded {
    pub(super) presets: Option<Vec<Text>>,
    pub(super) ids: Vec<Text>,
    pub(super) networks: Vec<Text>,
    pub(super) ttl: Option<u32>,
    pub(super) loopback: Option<bool>,
    pub(super) domain: Vec<EmbeddedDomain>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmbeddedDomain {
    pub(super) suffix: Text,
    pub(super) id: Option<Text>,
    pub(super) families: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) labels_in_front: bool,
    pub(super) ttl: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Rebinding {
    pub(super) action: Option<Text>,
    pub(super) builtin: Option<bool>,
    pub(super) allow: Vec<Allow>,
    pub(super) protected: Vec<Text>,
    pub(super) bypass_clients: Vec<Text>,
    pub(super) own_networks: Option<Vec<Text>>,
    pub(super) own_action: Option<Text>,
    pub(super) nat64: Vec<Text>,
    pub(super) dnsbl: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allow {
    pub(super) domain: Text,
    pub(super) subdomains: Option<bool>,
    pub(super) ranges: Option<Vec<Text>>,
    #[serde(default)]
    pub(super) alias_to: Vec<Text>,
    #[serde(default)]
    pub(super) clients: Vec<Text>,
    /// Why the exception is there; for people.
    #[serde(default, rename = "note")]
    pub(super) _note: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cache {
    pub(super) size: Option<Text>,
    pub(super) min_ttl: Option<u32>,
    pub(super) max_ttl: Option<Spanned<u32>>,
    pub(super) max_negative_ttl: Option<u32>,
    pub(super) max_stale: Option<Spanned<u32>>,
    pub(super) prefetch: Option<bool>,
    pub(super) file: Option<Text>,
    pub(super) exclude: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) level: Option<Text>,
    pub(super) format: Option<Text>,
}
