//! `readmit doctor`.

use std::net::{IpAddr, SocketAddr};

use super::setup::{CLOCK, Setup};
use super::{Error, Output, log};
use crate::doctor::{Examination, Severity, examine};
use crate::text::inert;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Compare every index with its table, too; a large database takes a while
    #[arg(long)]
    full: bool,
    /// Leave out relays and zones
    #[arg(long)]
    offline: bool,
    /// Ask this resolver about zones, in place of the system's: an address, with a port if it is not 53
    #[arg(long, value_name = "ADDR", value_parser = resolver)]
    resolver: Option<SocketAddr>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn resolver(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
        .map_err(|_| "a resolver is written like 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53")
}

pub(super) async fn run(args: Args, setup: &Setup, out: &Output) -> Result<(), Error> {
    let config = setup.config()?;
    log::problems_only(config.log.format);
    let what = Examination {
        config: &config,
        config_file: setup.file(),
        full: args.full,
        offline: args.offline,
        resolver: args.resolver,
    };
    let findings = examine(&what, CLOCK.now()).await;
    if args.json {
        out.json(&findings)?;
    } else {
        for finding in &findings {
            let word = match finding.severity {
                Severity::Ok => "ok",
                Severity::Warning => "warning",
                Severity::Error => "ERROR",
            };
            let (subject, found) = (inert(&finding.subject), inert(&finding.found));
            out.line(format!("{word:7}  {subject}: {found}"))?;
            if let Some(advice) = &finding.advice {
                out.line(format!("         -> {}", inert(advice)))?;
            }
        }
    }
    let count = |severity| findings.iter().filter(|it| it.severity == severity).count();
    match count(Severity::Error) {
        0 => Ok(()),
        errors => Err(format!("{errors} errors, {} warnings", count(Severity::Warning)).into()),
    }
}
