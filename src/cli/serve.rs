//! `readmit serve`.

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

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
    let app = App::open(config, CLOCK, Entropy::System)?;
    let listener = listen(&app.config.http).await?;
    let server = Server::start(app, listener)?;
    out.line(format!(
        "readmit {} listens on http://{}",
        env!("CARGO_PKG_VERSION"),
        server.address()
    ))?;
    let signal = signals.next().await;
    tracing::info!(signal, "stopping");
    server.stop().await;
    tracing::info!("stopped");
    Ok(())
}

pub(super) async fn listen(config: &Http) -> Result<TcpListener, Error> {
    let address = config.listen;
    let failed = |error| format!("cannot listen on {address} (http.listen): {error}");
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
