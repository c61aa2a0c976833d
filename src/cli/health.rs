//! `readmit health`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::{Value, json};

use super::client::{Ask, Server};
use super::setup::Setup;
use super::{Error, Output};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Ask only whether the process answers (/healthz), not whether it can do its work (/readyz)
    #[arg(long)]
    live: bool,
    /// How long to wait for the answer: 500ms, 5s
    #[arg(long, value_name = "SPAN", default_value = "5s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// As JSON, on failure too
    #[arg(long)]
    json: bool,
}

/// What was found out.
struct Found {
    healthy: bool,
    /// In one line.
    words: String,
    url: String,
    /// What the server said, if it did.
    answer: Option<Value>,
}

pub(super) async fn run(args: &Args, setup: &Setup, out: &Output) -> Result<(), Error> {
    let http = setup.config()?.http;
    let server = Server {
        address: reachable(http.listen),
        tls: http.tls.is_some(),
        patience: args.timeout,
    };
    let found = look(&server, if args.live { "/healthz" } else { "/readyz" }).await;
    if args.json {
        out.json(&json!({ "healthy": found.healthy, "url": found.url, "answer": found.answer, "message": found.words }))?;
    }
    if !found.healthy {
        return Err(found.words.into());
    }
    if !args.json {
        out.line(found.words)?;
    }
    Ok(())
}

async fn look(server: &Server, path: &str) -> Found {
    let url = server.url(path);
    let (healthy, words, answer) = match server.ask(Ask::Get(path.to_owned())).await {
        Err(error) => (false, format!("no answer from {url}: {error}"), None),
        Ok(answer) => {
            let said: Option<Value> = serde_json::from_str(&answer.body).ok();
            let parts = said.as_ref().map_or_else(String::new, parts);
            if answer.status == 200 {
                (true, format!("{url}: {parts}"), said)
            } else {
                let status = answer.status;
                (false, format!("{url} answered {status}: {parts}"), said)
            }
        }
    };
    Found {
        healthy,
        words,
        url,
        answer,
    }
}

/// `ready, database: ok, outbox: ok`: what is true is named, what is a text is quoted.
fn parts(said: &Value) -> String {
    let mut told: Vec<_> = said.as_object().into_iter().flatten().collect();
    told.sort_by_key(|(_, value)| value.is_string());
    let parts = told.into_iter().filter_map(|(name, value)| match value {
        Value::Bool(true) => Some(name.clone()),
        Value::Bool(false) => Some(format!("not {name}")),
        Value::String(text) => Some(format!("{name}: {text}")),
        _ => None,
    });
    crate::text::inert(&parts.collect::<Vec<_>>().join(", "))
}

/// A server that listens on every address is reached by loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
