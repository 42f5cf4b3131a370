//! The presets, one row each with its source.
//!
//! Not here: xip.io (out of service), and domains whose names are opaque, such as `id.ui.direct`; those need an exception of the
//! rebinding protection, since only their servers know the addresses.

use std::borrow::Cow;

use super::Preset;
use crate::name::embedded::grammar::Grammar;
use crate::name::embedded::id::Id;
use crate::name::embedded::label::Writing;
use crate::name::embedded::loopback::Loopback;
use crate::name::embedded::policy::Scope;
use crate::name::embedded::shape::{Families, Shape};

const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;

const fn row(
    name: &'static str,
    suffixes: &'static [&'static str],
    grammar: Grammar,
    description: &'static str,
) -> Preset {
    Preset {
        name,
        suffixes,
        description,
        ttl: HOUR,
        scope: Scope::Any,
        grammar,
    }
}

impl Preset {
    const fn kept(mut self, ttl: u32) -> Self {
        self.ttl = ttl;
        self
    }

    const fn local(mut self) -> Self {
        self.scope = Scope::Local;
        self
    }
}

/// IPv4 before an id.
const fn v4(id: Id) -> Grammar {
    Grammar::Shape(Shape {
        id,
        prefix: false,
        families: Families::V4,
        writing: Writing::Expanded,
    })
}

/// Both families before an id.
const fn dual(id: Id, writing: Writing) -> Grammar {
    Grammar::Shape(Shape {
        id,
        prefix: false,
        families: Families::Both,
        writing,
    })
}

const fn loopback(apex: bool) -> Grammar {
    Grammar::Loopback(Loopback { apex, site: None })
}

pub(super) static PRESETS: &[Preset] = &[
    // Eight padded groups in all real names (cetteup/update-plex-ipv6-access-url, `buildIPv6CustomAccessURL`). The id is 32
    // characters; the vendor does not check that they are hexadecimal (scholz.ruhr, "Clearing up Plex networking internals").
    row(
        "plex.direct",
        &["plex.direct"],
        dual(Id::Ldh(32), Writing::Expanded),
        "Plex Media Server",
    ),
    // unraid/webgui etc/rc.d/rc.nginx `fqdn()`: `.` and `:` of the printed address become `-`. TTL: "from 1 hour to 7 days".
    row(
        "myunraid.net",
        &["myunraid.net"],
        dual(Id::Hex(40), Writing::Compressed),
        "Unraid servers",
    ),
    // Names such as `192-168-70-6.medconme.direct.quickconnect.to`; the bare id is the address outside and goes upstream.
    row(
        "direct.quickconnect.to",
        &["direct.quickconnect.to"],
        v4(Id::Any),
        "Synology QuickConnect, direct connections",
    ),
    // JDownloader's own expressions: dashed IPv4, eight digits, or 32 digits.
    row(
        "mydns.jdownloader.org",
        &["mydns.jdownloader.org"],
        dual(Id::None, Writing::Hex),
        "JDownloader, direct connections",
    ),
    // One id, and one private key, for all installations of Stremio.
    row(
        "stremio.rocks",
        &["stremio.rocks"],
        v4(Id::Constant(Cow::Borrowed(b"519b6502d940"))),
        "Stremio streaming server",
    ),
    // `<board ip>.<board id>.autodarts.direct`.
    row(
        "autodarts.direct",
        &["autodarts.direct"],
        v4(Id::Uuid),
        "Autodarts boards",
    ),
    row(
        "homey.homeylocal.com",
        &["homey.homeylocal.com"],
        v4(Id::None),
        "Homey smart home hubs",
    ),
    // tsukumijima/Akebi keyless-server/dns.go: private addresses only, TTL of seven days.
    row(
        "local.konomi.tv",
        &["local.konomi.tv"],
        Grammar::Akebi,
        "KonomiTV (Akebi)",
    )
    .local()
    .kept(WEEK),
    // OpenVidu/openvidu-local-deployment community/scripts/utils.sh; `playground.` is a fixed address and goes upstream.
    row(
        "openvidu-local.dev",
        &["openvidu-local.dev"],
        v4(Id::None),
        "OpenVidu local deployments",
    ),
    // Labels before the address are allowed: `app.192-168-1-10.my.local-ip.co`.
    row(
        "my.local-ip.co",
        &["my.local-ip.co"],
        Grammar::Shape(Shape {
            id: Id::None,
            prefix: true,
            families: Families::V4,
            writing: Writing::Expanded,
        }),
        "local-ip.co, certificates for private addresses",
    ),
    // medic/nginx-local-ip README.
    row(
        "local-ip.medicmobile.org",
        &["local-ip.medicmobile.org"],
        v4(Id::None),
        "Medic's local-ip for development",
    ),
    row(
        "local-ip.sh",
        &["local-ip.sh"],
        Grammar::LocalIp,
        "local-ip.sh, certificates for private addresses",
    )
    .kept(WEEK),
    // cunnie/sslip.io serves both; public addresses are left to it, since it keeps a block list for them.
    row(
        "sslip.io",
        &["sslip.io", "nip.io"],
        Grammar::Sslip,
        "sslip.io and nip.io, private addresses only",
    )
    .local(),
    row(
        "backname.io",
        &["backname.io"],
        Grammar::Backname,
        "backname.io",
    )
    .kept(DAY),
    row(
        "traefik.me",
        &["traefik.me"],
        Grammar::Traefik,
        "traefik.me, the own host unless an address is given",
    ),
    // `<dashed IPv4>.<id>`.
    row(
        "lokal.jotti.rocks",
        &["lokal.jotti.rocks"],
        v4(Id::Any),
        "Jotti local servers",
    ),
    // Sample: `2A01-E0A--10.<32 characters of base 32>.servers.redseat.cloud`.
    row(
        "servers.redseat.cloud",
        &["servers.redseat.cloud"],
        dual(Id::Base32(32), Writing::Compressed),
        "RedSeat servers",
    ),
    // `r.<label>` is the server from outside and goes upstream.
    row(
        "frameleaf.net",
        &["frameleaf.net"],
        v4(Id::Any),
        "Frameleaf",
    ),
    row("d.cookrew.dev", &["d.cookrew.dev"], v4(Id::Uuid), "Cookrew"),
    row(
        "clientctrl.cc",
        &["clientctrl.cc"],
        v4(Id::None),
        "clientctrl.cc",
    ),
    row("lovense.club", &["lovense.club"], v4(Id::None), "Lovense"),
    // From here on every name is the own host. ddev docs troubleshooting.md.
    row(
        "ddev.site",
        &["ddev.site"],
        loopback(false),
        "DDEV development sites, always loopback",
    ),
    // Lando's documentation: `rebind-domain-ok=/lndo.site/`.
    row(
        "lndo.site",
        &["lndo.site"],
        loopback(false),
        "Lando development sites, always loopback",
    ),
    // Its README; `get.` is where the certificate is fetched.
    row(
        "localhost.direct",
        &["localhost.direct"],
        Grammar::Loopback(Loopback {
            apex: false,
            site: Some("get"),
        }),
        "localhost.direct, always loopback",
    ),
    row(
        "localtest.me",
        &["localtest.me"],
        loopback(true),
        "localtest.me, always loopback",
    ),
    row(
        "lvh.me",
        &["lvh.me"],
        loopback(true),
        "lvh.me, always loopback",
    ),
    row(
        "lcl.host",
        &["lcl.host"],
        loopback(false),
        "Anchor lcl.host, always loopback",
    ),
    row(
        "127.ca",
        &["127.ca"],
        loopback(false),
        "127.ca, always loopback",
    ),
    row(
        "colasloth.com",
        &["colasloth.com"],
        loopback(false),
        "colasloth.com, always loopback",
    ),
    row(
        "local.futureterm.app",
        &["local.futureterm.app"],
        loopback(true),
        "FutureTerm, always loopback",
    ),
    // Stremio's log: "HTTPS endpoint at https://local.strem.io:12470".
    row(
        "local.strem.io",
        &["local.strem.io"],
        loopback(true),
        "Stremio on the own host, always loopback",
    ),
];
