//! Pi-hole 6: the dnsmasq in it reads a folder once it is told to.
//!
//! Its own `pihole.toml` is no place for a snippet: FTL writes that file anew, without the comments of others, and a second
//! `[misc]` in it is an error. Setting `misc.dnsmasq_lines` by command would throw away the lines that are there.
//!
//! Source: pi-hole/FTL 8d1add8d, docs.pi-hole.net.

use super::{
    Comment, Job, Mode, Part, Place, Plan, Refusal, Runs, Snippet, Target, dnsmasq, pihole_v5,
};

/// Pi-hole 6.
pub(super) const TARGET: Target = Target {
    name: "pihole-v6",
    title: "Pi-hole 6",
    versions: "Pi-hole 6",
    runs: Runs::PerhapsInContainer,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let text = dnsmasq::lines(plan, mode)?.join("\n");
    let place = Place::Shell("the machine or container of Pi-hole, once".to_owned());
    let folder = "sudo pihole-FTL --config misc.etc_dnsmasq_d true";
    let mut snippet =
        Snippet::new("sudo systemctl restart pihole-FTL (in a container: restart the container)")
            .checked_by("sudo pihole-FTL dnsmasq-test")
            .with(Part::file("conf", pihole_v5::FILE, Comment::Hash, text))
            .with(Part::new("folder", place, Comment::Hash, folder));
    snippet.note(
        "By hand, or where the container keeps no /etc/dnsmasq.d: enter the lines of this file under Settings > All settings > Miscellaneous > \
         misc.dnsmasq_lines, below those that are there, and leave the command out. Pi-hole checks them and restarts itself.",
    );
    snippet.note(
        "With misc.etc_dnsmasq_d on, Pi-hole reads every file in /etc/dnsmasq.d whose name ends in .conf: look for old ones first.",
    );
    dnsmasq::remarks(&mut snippet, plan, mode);
    pihole_v5::remarks(&mut snippet, mode);
    Ok(snippet)
}
