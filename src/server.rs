//! A running deployment: server and outbox worker, started and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::guesses;
use crate::http::serve::serve;
use crate::limits;
use crate::metrics;
use crate::otp;
use crate::outbox::retention;
use crate::store::StoreError;

/// How often callers whose quota is full again, and requests and guesses of long ago, are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// How often the head of the audit log is noted.
const NOTE_EVERY: Duration = Duration::from_hours(1);

/// A server that serves and sends.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    worker: JoinHandle<()>,
    housekeeping: JoinHandle<()>,
    certificate: JoinHandle<()>,
    backups: JoinHandle<()>,
    metrics: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves on `listener` and starts the worker.
    pub fn start(app: Arc<App>, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let grace = app.config.http.shutdown_timeout;
        Ok(Self {
            http: tokio::spawn(serve(Arc::clone(&app), listener, stopped.clone())),
            worker: tokio::spawn(Arc::clone(&app.worker).run(stopped, grace)),
            housekeeping: tokio::spawn(housekeeping(Arc::clone(&app), app.clock.now())),
            certificate: tokio::spawn(certificate(Arc::clone(&app))),
            backups: tokio::spawn(Arc::clone(&app.backups).run(app.clock.clone())),
            metrics: None,
            app,
            address,
            stop,
        })
    }

    /// Answers monitoring on a listener of its own, until the stop.
    pub fn serve_metrics(&mut self, listener: TcpListener) {
        let stopped = self.stop.subscribe();
        let serving = metrics::serve::serve(Arc::clone(&self.app), listener, stopped);
        self.metrics = Some(tokio::spawn(serving));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its parts.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// How it is reached: `https://127.0.0.1:8443`.
    pub fn url(&self) -> String {
        let scheme = if self.app.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Whether it still accepts connections and sends mail. Either ends before the stop by a panic only.
    pub fn is_whole(&self) -> bool {
        !self.http.is_finished() && !self.worker.is_finished()
    }

    /// Stops: no new connection and no new message; what is under way is finished, as far as the
    /// configured time allows; leases are given back, the database is checkpointed and closed.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.housekeeping.abort();
        self.certificate.abort();
        self.app.backups.stop();
        self.backups.abort();
        // Each ends by itself within the configured time; an error is a panic, which is logged.
        let _ = tokio::join!(self.http, self.worker);
        if let Some(metrics) = self.metrics {
            let _ = metrics.await;
        }
        note_head(&self.app).await;
        self.app.store.close().await;
    }
}

async fn certificate(app: Arc<App>) {
    if let Some(tls) = &app.tls {
        tls.keep_up().await;
    }
}

/// Writes the head of the audit log into the other log, which may be kept where nobody who can write the
/// database can change it.
async fn note_head(app: &App) {
    let head: Result<_, StoreError> = app.store.read(audit::head).await;
    if let Ok(Some(head)) = head {
        tracing::info!(%head, "the audit log so far");
    }
}

async fn housekeeping(app: Arc<App>, begun: Timestamp) {
    note_head(&app).await;
    let (mut now, mut noted) = (begun, begun);
    let mut limited = limits::Record::default();
    loop {
        app.clock.sleep_until(now.after(FORGET_EVERY)).await;
        app.limits.forget_idle();
        now = app.clock.now();
        let purged: Result<usize, StoreError> = app
            .store
            .write_patiently(move |tx| {
                Ok(guesses::purge(tx, now)? + otp::purge(tx, now)? + limits::purge(tx, now)?)
            })
            .await;
        let swept = retention::sweep(&app.store, &app.config.outbox, now).await;
        let audited = audit::sweep(&app.store, app.config.audit.keep, now).await;
        if let Err(error) = purged.and(swept).and(audited) {
            tracing::warn!(%error, "old rows could not be removed; they are tried again");
        }
        if let Err(error) = limited.note(&app.limits, &app.store, now).await {
            tracing::warn!(%error, "what the limits held back could not be noted; it is tried again");
        }
        if now.since(noted) >= NOTE_EVERY {
            note_head(&app).await;
            noted = now;
        }
    }
}
