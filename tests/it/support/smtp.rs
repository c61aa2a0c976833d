//! A scripted SMTP server.
//!
//! It does what a small relay does, until a test tells it, per stage of the conversation, to refuse,
//! to hang up, to say nothing or to run a closure. It remembers every mail and every byte that
//! clients sent. It listens on 127.0.0.1 only, and stops when dropped.

mod ca;
mod mail;
mod session;

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

pub(crate) use self::ca::TestCa;
pub(crate) use self::mail::Mail;

/// How long a test waits for what must come before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A point of the conversation at which the server can be told what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The whole letter has been read, its final dot included.
    Dot,
}

/// What the server does instead of answering normally.
pub(crate) enum Action {
    /// Says this (without the final CRLF), and goes on as its code implies.
    Reply(&'static str),
    /// Says this and hangs up.
    ReplyThenClose(&'static str),
    /// Says what this makes of the mail that came last, as spam filters do.
    ReplyAbout(fn(&Mail) -> String),
    /// Hangs up.
    Close,
    /// Says nothing until [`SmtpServer::release`], and then answers normally.
    Stall,
    /// Runs this, and then answers normally.
    Run(Box<dyn Fn() + Send + Sync>),
}

/// How the server encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsMode {
    StartTls,
    Implicit,
}

/// The server; see the module.
pub(crate) struct SmtpServer {
    shared: Arc<Shared>,
    port: u16,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    tls: Option<(TlsMode, Arc<ServerConfig>)>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    scripted: HashMap<Stage, VecDeque<Arc<Action>>>,
    standing: HashMap<Stage, Arc<Action>>,
    reached: HashMap<Stage, usize>,
    mechanisms: &'static str,
    account: Option<(String, String)>,
    starttls: bool,
    pipelining: bool,
    mails: Vec<Mail>,
    handed_out: usize,
    connections: usize,
    sockets: HashMap<usize, TcpStream>,
    transcript: Vec<u8>,
    releases: usize,
    stopping: bool,
}

impl SmtpServer {
    /// A server without TLS and without accounts.
    pub(crate) fn start() -> Self {
        Self::spawn(None)
    }

    /// A server with a certificate of `ca` for `localhost` and `127.0.0.1`.
    pub(crate) fn start_tls(mode: TlsMode, ca: &TestCa) -> Self {
        Self::start_tls_as(&["localhost", "127.0.0.1"], mode, ca)
    }

    /// A server with a certificate of `ca` for `names`.
    pub(crate) fn start_tls_as(names: &[&str], mode: TlsMode, ca: &TestCa) -> Self {
        Self::spawn(Some((mode, ca.server_config(names))))
    }

    fn spawn(tls: Option<(TlsMode, Arc<ServerConfig>)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a local address").port();
        let starttls = matches!(tls, Some((TlsMode::StartTls, _)));
        let shared = Arc::new(Shared {
            tls,
            state: Mutex::new(State {
                starttls,
                mechanisms: "PLAIN LOGIN",
                ..State::default()
            }),
            changed: Condvar::new(),
        });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            shared,
            port,
            acceptor: Some(acceptor),
        }
    }

    /// `smtp://127.0.0.1:PORT` or `smtps://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.shared.tls {
            Some((TlsMode::Implicit, _)) => "smtps",
            _ => "smtp",
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Does this once, the next time the stage is reached. Several are done in their order.
    pub(crate) fn script(&self, stage: Stage, action: Action) {
        let mut shared = self.shared.lock();
        let queue = shared.scripted.entry(stage).or_default();
        queue.push_back(Arc::new(action));
    }

    /// Does this whenever the stage is reached and nothing is scripted, until [`Self::clear`].
    pub(crate) fn always(&self, stage: Stage, action: Action) {
        let action = Arc::new(action);
        self.shared.lock().standing.insert(stage, action);
    }

    /// Goes back to normal at this stage.
    pub(crate) fn clear(&self, stage: Stage) {
        let mut shared = self.shared.lock();
        shared.standing.remove(&stage);
        shared.scripted.remove(&stage);
    }

    /// Lets everything that stalls at this moment go on.
    pub(crate) fn release(&self) {
        self.shared.change(|state| state.releases += 1);
    }

    /// Closes the connections that are open at this moment, as relays do with idle ones.
    pub(crate) fn hang_up(&self) {
        self.shared.lock().hang_up();
    }

    /// Offers AUTH, and takes this account only.
    pub(crate) fn advertise_auth(&self, user: &str, password: &str) {
        self.shared.lock().account = Some((user.to_owned(), password.to_owned()));
    }

    /// The mechanisms offered by AUTH instead of `PLAIN LOGIN`.
    pub(crate) fn auth_mechanisms(&self, mechanisms: &'static str) {
        self.shared.lock().mechanisms = mechanisms;
    }

    /// EHLO offers PIPELINING from now on.
    pub(crate) fn offer_pipelining(&self) {
        self.shared.change(|state| state.pipelining = true);
    }

    /// Whether EHLO offers STARTTLS.
    pub(crate) fn starttls_offered(&self, offered: bool) {
        self.shared.lock().starttls = offered;
    }

    /// The next mail that no earlier call has returned. It counts from its final dot on, whatever
    /// the reply will be.
    pub(crate) fn next_mail(&self) -> Mail {
        self.shared.wait("the next mail", State::next_mail)
    }

    /// Fails if another mail comes within this time.
    pub(crate) fn no_mail_within(&self, time: Duration) {
        let state = self.shared.lock();
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, time, |state| state.mails.len() == state.handed_out)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(mail) = state.mails.get(state.handed_out) {
            panic!("a mail to {:?} came, and none should", mail.recipients);
        }
    }

    /// All mails so far.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.shared.lock().mails.clone()
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// All that clients sent so far, decrypted.
    pub(crate) fn transcript(&self) -> String {
        String::from_utf8_lossy(&self.shared.lock().transcript).into_owned()
    }

    /// Waits until the stage was reached `times` times since the start.
    pub(crate) fn wait_for(&self, stage: Stage, times: usize) {
        self.shared
            .wait(&format!("{stage:?} to be reached {times} times"), |state| {
                (state.reached.get(&stage).copied().unwrap_or(0) >= times).then_some(())
            });
    }

    /// Waits until clients have sent this text.
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.shared.wait(&format!("{text:?} to be sent"), |state| {
            let transcript = String::from_utf8_lossy(&state.transcript);
            transcript.contains(text).then_some(())
        });
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.stopping = true;
            state.hang_up();
        });
        // The acceptor looks at `stopping` when a connection comes, so here is one.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl State {
    fn next_mail(&mut self) -> Option<Mail> {
        let mail = self.mails.get(self.handed_out)?.clone();
        self.handed_out += 1;
        Some(mail)
    }

    fn hang_up(&mut self) {
        for socket in self.sockets.values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits for what must come; panics when it does not.
    fn wait<T>(&self, what: &str, mut ready: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut found = None;
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, |state| {
                found = ready(state);
                found.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        let (mails, reached) = (state.mails.len(), format!("{:?}", state.reached));
        drop(state);
        found.unwrap_or_else(|| {
            panic!("waited in vain for {what}; {mails} mails came, and these stages: {reached}")
        })
    }

    /// Counts a stage and says what to do at it, and how many releases there were before.
    fn reach(&self, stage: Stage) -> (Option<Arc<Action>>, usize) {
        let mut guard = self.lock();
        *guard.reached.entry(stage).or_default() += 1;
        let scripted = guard.scripted.get_mut(&stage).and_then(VecDeque::pop_front);
        let action = scripted.or_else(|| guard.standing.get(&stage).cloned());
        self.changed.notify_all();
        (action, guard.releases)
    }

    /// Returns once there were more releases than `before`: false when the server stops instead.
    fn stall(&self, before: usize) -> bool {
        let state = self
            .changed
            .wait_while(self.lock(), |state| {
                state.releases == before && !state.stopping
            })
            .unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for tcp in listener.incoming() {
        let Ok(tcp) = tcp else { continue };
        let mut id = 0;
        shared.change(|state| {
            if !state.stopping {
                state.connections += 1;
                id = state.connections;
                if let Ok(handle) = tcp.try_clone() {
                    state.sockets.insert(id, handle);
                }
            }
        });
        if id == 0 {
            return;
        }
        let shared = Arc::clone(shared);
        // Not joined: a closure of the test may be running on it, and wait for the test.
        std::thread::spawn(move || {
            session::serve(&shared, tcp);
            if let Some(socket) = shared.lock().sockets.remove(&id) {
                let _ = socket.shutdown(Shutdown::Both);
            }
        });
    }
}
