//! A running deployment: server and outbox worker, started and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::http::serve::serve;

/// How often callers whose quota is full again are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// A server that serves and sends.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    worker: JoinHandle<()>,
    housekeeping: JoinHandle<()>,
}

impl Server {
    /// Serves on `listener` and starts the worker.
    pub fn start(app: Arc<App>, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        Ok(Self {
            http: tokio::spawn(serve(Arc::clone(&app), listener, stopped.clone())),
            worker: tokio::spawn(Arc::clone(&app.worker).run(stopped)),
            housekeeping: tokio::spawn(housekeeping(Arc::clone(&app))),
            app,
            address,
            stop,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its parts.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Stops: no new connection and no new message; what is under way is finished, leases are given
    /// back, the database is checkpointed and closed. All of it within the configured time.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.housekeeping.abort();
        let limit = self.app.config.http.shutdown_timeout;
        let mut worker = self.worker;
        let finish = async {
            let _ = self.http.await;
            let _ = (&mut worker).await;
        };
        if tokio::time::timeout(limit, finish).await.is_err() {
            tracing::warn!("mail under way was cut off; it is sent again when its lease is over");
            worker.abort();
        }
        self.app.store.close().await;
    }
}

async fn housekeeping(app: Arc<App>) {
    loop {
        let next = app.clock.now().after(FORGET_EVERY);
        app.clock.sleep_until(next).await;
        app.limits.forget_idle();
    }
}
