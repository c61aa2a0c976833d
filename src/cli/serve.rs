//! `readmit serve`.

mod manager;

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::manager::Manager;
use super::setup::{CLOCK, Setup};
use super::{Error, Output, log};
use crate::app::App;
use crate::config::Http;
use crate::entropy::Entropy;
use crate::load;
use crate::server::Server;

pub(super) async fn run(setup: &Setup, out: &Output) -> Result<(), Error> {
    let config = setup.config()?;
    log::start(&config.log);
    load::raise_descriptor_limit();
    // Before anything else, so that a signal during the start stops it in order, too.
    let mut signals = Signals::listen()?;
    let mut hangup = signal(SignalKind::hangup())?;
    let manager = Manager::of_environment();
    let app = App::open(config, CLOCK, Entropy::System)?;
    let listener = listen(&app.config.http).await?;
    let metrics = match app.config.metrics.listen {
        Some(address) => Some(bind(address, "metrics.listen").await?),
        None => None,
    };
    let mut server = Server::start(app, listener)?;
    let serving = format!("Serving on {}", server.url());
    out.line(format!(
        "readmit {} listens on {}",
        env!("CARGO_PKG_VERSION"),
        server.url()
    ))?;
    if let Some(listener) = metrics {
        out.line(format!(
            "metrics are at http://{}/metrics",
            listener.local_addr()?
        ))?;
        server.serve_metrics(listener);
    }
    manager.ready(&serving);
    let signal = {
        let informed = manager.keep_informed(&server, &CLOCK);
        tokio::pin!(informed);
        loop {
            tokio::select! {
                signal = signals.next() => break signal,
                never = &mut informed => match never {},
                _ = hangup.recv() => {
                    manager.reloading();
                    reload(&server);
                    manager.ready(&serving);
                }
            }
        }
    };
    tracing::info!(signal, "stopping");
    manager.stopping(signal);
    server.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Settings are read at the start only: a configuration with an error in it must not stop what works.
fn reload(server: &Server) {
    if let Some(tls) = &server.app().tls {
        tls.reload();
    } else {
        tracing::info!(
            "SIGHUP: there is no certificate to read anew; changed settings take a restart"
        );
    }
}
pub(super) async fn listen(config: &Http) -> Result<TcpListener, Error> {
    bind(config.listen, "http.listen").await
}

async fn bind(address: SocketAddr, key: &str) -> Result<TcpListener, Error> {
    let failed = |error| format!("cannot listen on {address} ({key}): {error}");
    Ok(TcpListener::bind(address).await.map_err(failed)?)
}

/// The signals that ask a server to stop. Further ones change nothing: the stop has a time limit.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
