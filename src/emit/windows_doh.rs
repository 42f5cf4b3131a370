//! Windows: the list of servers that are known to speak DNS over HTTPS.
//!
//! Source: learn.microsoft.com, Add-DnsClientDohServerAddress.

use std::fmt::Write;

use super::doors::no_door_for;
use super::{Doors, Job, Part, Refusal, Runs, Snippet, Target};

/// The DNS client of Windows.
pub(super) const TARGET: Target = Target {
    name: "windows-doh",
    title: "Windows",
    versions: "Windows 11, Server 2022 and later",
    runs: Runs::InClient,
    job: Job::Devices {
        with_root: false,
        write,
    },
};

fn write(doors: &Doors) -> Result<Snippet, Refusal> {
    let Some((door, url)) = doors.https() else {
        return Err(no_door_for(TARGET.title, "https = [\"0.0.0.0:443\"]"));
    };
    let mut text = String::new();
    for address in &door.addresses {
        // One that is there already cannot be added.
        let _fits = writeln!(
            text,
            "Remove-DnsClientDohServerAddress -ServerAddress '{address}' -ErrorAction SilentlyContinue\n\
             Add-DnsClientDohServerAddress -ServerAddress '{address}' -DohTemplate '{url}' -AllowFallbackToUdp $False -AutoUpgrade $True"
        );
    }
    let mut snippet = Snippet::new("Clear-DnsClientCache")
        .checked_by("Get-DnsClientDohServerAddress")
        .with(Part::shell("servers", "PowerShell as administrator", text));
    let addresses: Vec<String> = door.addresses.iter().map(ToString::to_string).collect();
    snippet.note(format!(
        "It holds where Windows asks {}, by DHCP or by hand; with AllowFallbackToUdp $False it asks nobody while the door is shut.",
        addresses.join(" or ")
    ));
    snippet.note(format!(
        "Windows must trust the certificate for {}. One that nobody vouches for goes into Cert:\\LocalMachine\\Root: Import-Certificate.",
        doors.name
    ));
    Ok(snippet)
}
