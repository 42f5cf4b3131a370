//! `lanward explain`.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::output::{complain, say};
use super::{Source, exit};
use crate::cache::{Cache, Entry};
use crate::daemon;
use crate::daemon::local::Loaded;
use crate::rebinding::{Action, Cause, Findings, Offence, Verdict};
use crate::resolver::{Carrier, Client, Outcome, Resolver, State};
use crate::server::interfaces;
use crate::upstream::{Ask, Failure, Server, clock};
use crate::wire::edns::{Options, extended_errors, write_opt};
use crate::wire::header::{Header, flag};
use crate::wire::types::class;
use crate::wire::{Name, Query, Rcode, RecordType};

/// Show the road of a question, stage by stage
///
/// Runs the real stages with the real settings, asks upstream if need be, and says what each stage did and why. For a block it
/// shows the lines that would allow it. Nothing is taken from the memory of a running lanward.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The name to ask for
    name: Name,
    /// The type to ask for
    #[arg(value_name = "TYPE", default_value = "A")]
    kind: RecordType,
    /// As if this client had asked
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    client: IpAddr,
    /// Ask this server in place of those in the file; may be repeated
    #[arg(long, value_name = "SERVER")]
    upstream: Vec<Server>,
    #[command(flatten)]
    source: Source,
}

impl Explain {
    pub(super) fn run(self) -> ExitCode {
        let mut settings = match self.source.settings() {
            Ok(settings) => settings,
            Err(code) => return code,
        };
        if !self.upstream.is_empty() {
            settings.upstream.servers = Some(self.upstream.clone());
        }
        let loaded = match daemon::local::load(&settings.local, &Loaded::default(), clock::of_day())
        {
            Ok(loaded) => loaded,
            Err(findings) => {
                for finding in &findings {
                    complain(finding);
                }
                return ExitCode::from(exit::USAGE);
            }
        };
        let parts = daemon::build(&settings, &interfaces::links(), &loaded);
        let resolver = Resolver::new(parts.state, Cache::new(settings.cache, settings.lifetimes));
        let runtime = match tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(&error);
                return ExitCode::from(exit::USAGE);
            }
        };
        let stale = Duration::from_secs(settings.lifetimes.stale.into());
        runtime.block_on(self.walk(&resolver, stale));
        exit::OK
    }

    async fn walk(&self, resolver: &Resolver, stale: Duration) {
        let packet = self.packet();
        let session = resolver.session(clock::now());
        let state = session.state();
        let client = Client {
            address: self.client,
            carrier: Carrier::Stream,
        };
        let mut trace: Vec<(&'static str, String)> = Vec::new();
        let mut out = Vec::new();
        show(
            "question",
            &format!("{} {} from {}", self.name, self.kind, self.client),
        );
        let outcome = session.answer(&packet, client, &mut out, &mut trace);
        for (stage, words) in trace.iter().filter(|(stage, _)| *stage != "cache") {
            show(stage, words);
        }
        let pending = session.pending(&packet, client);
        let (Outcome::Ask(_), Ok(query)) = (outcome, Query::read(&pending)) else {
            show("answer", &describe(&out));
            return;
        };
        let (route, group) = state.upstream.route(&query.question.name);
        let servers = group
            .servers()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        show(
            "route",
            &route.map_or_else(
                || format!("the default servers: {servers}"),
                |domain| format!("{domain}: {servers}"),
            ),
        );
        match resolver.inspect(state, &Ask::new(&query)).await {
            Ok(entry) => self.show_verdict(state, &query, &entry, stale),
            Err(Failure::Refused(answer)) => {
                show("upstream", &format!("{}; this is passed on", answer.rcode));
                show_errors(&answer.options);
            }
            Err(Failure::Bogus(bogus)) => {
                show("dnssec", &format!("bogus: {bogus}"));
                let code = bogus.reason.code();
                show("answer", &format!("SERVFAIL; extended error {code}"));
            }
            Err(failure) => {
                show("upstream", &failure.to_string());
                show("answer", "SERVFAIL");
            }
        }
    }

    fn show_verdict(
        &self,
        state: &State,
        query: &Query<'_>,
        entry: &Entry<Findings>,
        stale: Duration,
    ) {
        let mut out = Vec::new();
        entry.write(&mut out, query, clock::now(), usize::from(u16::MAX));
        show("upstream", &describe(&out));
        show_errors(&entry.answer().options);
        if let Some(judged) = state.upstream.judges(&query.question.name) {
            show("dnssec", judgement(judged, entry.answer().authentic));
        }
        if state.is_excluded(&query.question.name) {
            show("kept for", "0 s; the name is in [cache] exclude");
        } else {
            show("kept for", &describe_lifetime(entry.lifetime(), stale));
        }
        let mut exceptions = state
            .judge
            .exceptions_of(&query.question.name)
            .map(|exception| exception.domain.to_string())
            .peekable();
        if exceptions.peek().is_some() {
            show("exceptions", &exceptions.collect::<Vec<_>>().join(", "));
        }
        let told = |offence: &Offence, what: &str| {
            show(
                "rebinding",
                &format!("{what}: {} ({})", offence.record(), reason(offence)),
            );
        };
        match state
            .judge
            .judge(&query.question, &entry.found, self.client)
        {
            Verdict::Pass if state.judge.action() == Action::Off => {
                show("rebinding", "off: nothing is looked at");
            }
            Verdict::Pass => show(
                "rebinding",
                "passes: nothing in it points inside, or an exception allows it",
            ),
            Verdict::Report(offence) => told(&offence, "passes, and is reported"),
            Verdict::Sinkhole(offence) => {
                told(&offence, "the upstream blocks this name");
                show("answer", "NOERROR, no records");
            }
            Verdict::Block(offence) => {
                told(&offence, "blocked");
                show(
                    "answer",
                    &format!(
                        "NOERROR, no records; extended error 15 (Blocked): {}",
                        offence.text(false)
                    ),
                );
                match offence.allow(&query.question, &entry.found) {
                    Some(lines) => say(format_args!(
                        "\nTo allow it, add to the configuration file:\n\n{lines}"
                    )),
                    None => say("\nNo exception allows this."),
                }
            }
        }
    }

    fn packet(&self) -> Vec<u8> {
        let header = Header {
            id: 0,
            flags: flag::RD,
            questions: 1,
            answers: 0,
            authorities: 0,
            additionals: 1,
        };
        let mut packet = header.to_bytes().to_vec();
        packet.extend_from_slice(self.name.as_wire());
        packet.extend_from_slice(&self.kind.0.to_be_bytes());
        packet.extend_from_slice(&class::IN.to_be_bytes());
        write_opt(&mut packet, Rcode::NOERROR, false, &[], None);
        packet
    }
}

/// What DNSSEC says about an answer.
fn judgement(judged: bool, authentic: bool) -> &'static str {
    match (judged, authentic) {
        (true, true) => "secure: signed all the way from a trust anchor",
        (true, false) => "insecure: a zone on the way is not signed",
        (false, _) => "not judged: it is in a route, or below a negative trust anchor",
    }
}

/// Why a record that is shown in full counts as pointing inside: its address need not be said twice.
fn reason(offence: &Offence) -> String {
    match &offence.cause {
        Cause::Address(_, reason) => reason.to_string(),
        Cause::Own(_) => "a public address of this network".to_owned(),
        cause => cause.to_string(),
    }
}

/// How long a running lanward gives the answer, and how long after that while no upstream answers.
fn describe_lifetime(lifetime: Duration, stale: Duration) -> String {
    let seconds = lifetime.as_secs();
    if lifetime.is_zero() || stale.is_zero() {
        format!("{seconds} s")
    } else {
        format!(
            "{seconds} s; while no upstream answers, {} s more as stale",
            stale.as_secs()
        )
    }
}

/// The stages stand in a column of their own.
fn show(stage: &str, words: &str) {
    let mut lines = words.lines();
    say(format_args!(
        "{stage:<12} {}",
        lines.next().unwrap_or_default()
    ));
    lines.for_each(|line| say(format_args!("{:<12} {line}", "")));
}

fn show_errors(options: &[u8]) {
    for (code, text) in extended_errors(Options(options)) {
        show("", &format!("extended error {code}: {text}"));
    }
}

/// A message in the words of zone files.
fn describe(bytes: &[u8]) -> String {
    use hickory_proto::rr::RecordType;
    let Ok(message) = hickory_proto::op::Message::from_vec(bytes) else {
        return "a message that cannot be shown as text".to_owned();
    };
    let rcode =
        Header::read(bytes).map_or(Rcode::NOERROR, |header| Rcode(header.flags & flag::RCODE));
    let mut text = rcode.to_string();
    if message.answers.is_empty() {
        text.push_str(", no records");
    }
    for record in message.answers.iter().chain(&message.authorities) {
        // hickory-proto has no word for the template of DNS over HTTPS (RFC 9461 §5); nothing else in a service record has spaces.
        let shown = match record.record_type() {
            RecordType::SVCB | RecordType::HTTPS => {
                record.to_string().replace(" unknown7=", " dohpath=")
            }
            _ => record.to_string(),
        };
        // Writing to a string cannot fail.
        let _written = write!(text, "\n{shown}");
    }
    text
}
