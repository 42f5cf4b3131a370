//! lanward behind an ad blocker. Pi-hole cannot be had here: dnsmasq, which is its resolver, plays it.

use crate::home;
use crate::project::{Project, stand_in};

#[test]
fn pihole_asks_lanward_and_keeps_blocking() {
    home::build();
    let project = Project::new("behind-pihole", &[("ADDRESS", home::OTHER)]);
    let images = project.run(&["config", "--images"]);
    let pihole = images.lines().find(|image| image.starts_with("pihole/"));
    stand_in(pihole.expect("Pi-hole's image"), "pihole");
    project.up();
    home::is_served_by(home::OTHER);
    let blocked = home::ask(home::OTHER, "ads.example").addresses();
    assert_eq!(blocked, ["0.0.0.0".parse::<std::net::IpAddr>().unwrap()]);
}
