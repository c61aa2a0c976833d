//! A whole deployment inside the test: a real server on a port of the system's choosing, a real
//! database in a temporary folder, a scripted relay, and a clock that the test moves.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use readmit::accounts::AccountId;
use readmit::admin::import::{self, Format, Rules};
use readmit::admin::{Admin, Person};
use readmit::app::App;
use readmit::audit::Actor;
use readmit::business::{Business, BusinessId, Changes, PortalUrl};
use readmit::clock::{Clock, ManualClock, Timestamp};
use readmit::config::{Config, ConfigFile};
use readmit::email::EmailAddress;
use readmit::entropy::Entropy;
use readmit::outbox::{self, Filter, Listed, State};
use readmit::password::{Hasher, Password, Policy};
use readmit::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::http::{Answer, Request};
use super::smtp::{Mail, SmtpServer};
use super::wait::wait_until;

/// When every test begins.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The password that people have at first.
pub(crate) const PASSWORD: &str = "nine otters in the old mill";

/// The password that tests change it to.
pub(crate) const NEW_PASSWORD: &str = "seven herons on the quay";

pub(crate) const USERS: &str = "/api/sys/users";

/// How a deployment is to be started.
pub(crate) struct Builder {
    settings: Vec<(String, String)>,
    smtp: Option<SmtpServer>,
    entropy: Entropy,
    worker: bool,
}

impl Builder {
    /// Sets a configuration key: `set("outbox.lease", "5s")`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "reads better where it is called"
    )]
    pub(crate) fn set(mut self, key: &str, value: impl ToString) -> Self {
        let variable = format!("READMIT_{}", key.to_ascii_uppercase().replace('.', "__"));
        self.settings.push((variable, value.to_string()));
        self
    }

    /// Uses this relay in place of one that takes everything.
    pub(crate) fn smtp(mut self, smtp: SmtpServer) -> Self {
        self.smtp = Some(smtp);
        self
    }

    pub(crate) fn entropy(mut self, entropy: Entropy) -> Self {
        self.entropy = entropy;
        self
    }

    /// Serves without sending: what is queued stays queued.
    pub(crate) fn without_worker(mut self) -> Self {
        self.worker = false;
        self
    }

    pub(crate) fn start(self) -> TestApp {
        let smtp = self.smtp.unwrap_or_else(SmtpServer::start);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut settings = vec![
            ("READMIT_HTTP__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            (
                "READMIT_HTTP__PUBLIC_URL".to_owned(),
                "https://id.readmit.test/".to_owned(),
            ),
            ("READMIT_STORAGE__PATH".to_owned(), at("readmit.db")),
            ("READMIT_KEYS__DIR".to_owned(), at("keys")),
            ("READMIT_SMTP__URL".to_owned(), smtp.url()),
            (
                "READMIT_SMTP__FROM".to_owned(),
                "readmit <no-reply@readmit.test>".to_owned(),
            ),
            // A hash at the default cost takes 20 ms; the tests do not measure its strength.
            (
                "READMIT_PASSWORD__ARGON2_MEMORY_KIB".to_owned(),
                "64".to_owned(),
            ),
            (
                "READMIT_PASSWORD__ARGON2_ITERATIONS".to_owned(),
                "1".to_owned(),
            ),
            ("READMIT_LIMITS__ENABLED".to_owned(), "false".to_owned()),
            ("READMIT_METRICS__LISTEN".to_owned(), String::new()),
        ];
        settings.retain(|(name, _)| self.settings.iter().all(|(own, _)| own != name));
        settings.extend(self.settings);
        let mut app = TestApp {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime"),
            running: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: ManualClock::new(START),
            entropy: self.entropy,
            worker: self.worker,
            settings,
            smtp,
            folder,
        };
        app.run();
        app
    }
}

enum Running {
    Whole(Server),
    /// The server without the outbox's worker.
    Intake {
        app: Arc<App>,
        stop: tokio::sync::watch::Sender<bool>,
        http: tokio::task::JoinHandle<()>,
    },
}

/// See the module.
pub(crate) struct TestApp {
    runtime: Runtime,
    running: Option<Running>,
    pub(crate) address: SocketAddr,
    pub(crate) clock: ManualClock,
    entropy: Entropy,
    worker: bool,
    settings: Vec<(String, String)>,
    pub(crate) smtp: SmtpServer,
    folder: TempDir,
}

impl TestApp {
    /// A deployment with the defaults, without limits, with a cheap hash.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    /// A deployment with Canal House (7, `https://canal.test`) and its member Jane.
    pub(crate) fn with_jane() -> Self {
        Self::builder().start().and_jane()
    }

    /// A deployment with Canal House (7), which has no portal, and its member Jane.
    pub(crate) fn hosted() -> Self {
        Self::builder().start().and_hosted()
    }

    pub(crate) fn builder() -> Builder {
        Builder {
            settings: Vec::new(),
            smtp: None,
            entropy: Entropy::System,
            worker: true,
        }
    }

    pub(crate) fn and_jane(self) -> Self {
        self.add_business(7, "Canal House", "https://canal.test");
        self.add_person("jane@example.com", "Jane Doe", Some(7), Some(PASSWORD));
        self
    }

    pub(crate) fn and_hosted(self) -> Self {
        self.add_hosted_business(7, "Canal House");
        self.add_person("jane@example.com", "Jane Doe", Some(7), Some(PASSWORD));
        self
    }

    /// A location whose members use our own pages.
    pub(crate) fn add_hosted_business(&self, id: i64, name: &str) {
        let id = BusinessId::new(id).expect("a positive number");
        let business = Business::new(id, name.to_owned(), None, self.now());
        self.wait(self.admin().add_business(business))
            .expect("the business is added");
    }

    fn run(&mut self) {
        let config =
            Config::load(ConfigFile::None, self.settings.clone()).expect("a valid configuration");
        let (clock, entropy) = (Clock::Manual(self.clock.clone()), self.entropy.clone());
        let worker = self.worker;
        let (running, address) = self.runtime.block_on(async move {
            let listen = config.http.listen;
            let app = App::open(config, clock, entropy).expect("the deployment opens");
            let listener = tokio::net::TcpListener::bind(listen).await.expect("a port");
            let address = listener.local_addr().expect("an address");
            if worker {
                let server = Server::start(app, listener).expect("the server starts");
                return (Running::Whole(server), address);
            }
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let http = tokio::spawn(readmit::http::serve::serve(
                Arc::clone(&app),
                listener,
                stopped,
            ));
            (Running::Intake { app, stop, http }, address)
        });
        self.running = Some(running);
        self.address = address;
    }

    /// Stops in order.
    pub(crate) fn stop(&mut self) {
        match self.running.take() {
            Some(Running::Whole(server)) => self.runtime.block_on(server.stop()),
            Some(Running::Intake { app, stop, http }) => self.runtime.block_on(async {
                let _ = stop.send(true);
                let _ = http.await;
                app.store.close().await;
            }),
            None => {}
        }
    }

    /// Starts again on the same database and keys, on another port.
    pub(crate) fn start_again(&mut self) {
        self.run();
    }

    /// Stops and starts again.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run();
    }

    /// Sets a configuration key for the next start.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "reads better where it is called"
    )]
    pub(crate) fn set(&mut self, key: &str, value: impl ToString) {
        let variable = format!("READMIT_{}", key.to_ascii_uppercase().replace('.', "__"));
        self.settings.retain(|(name, _)| *name != variable);
        self.settings.push((variable, value.to_string()));
    }

    /// Lets the worker of a deployment that was started without one begin, after a restart.
    pub(crate) fn restart_with_worker(&mut self) {
        self.worker = true;
        self.restart();
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        match self.running.as_ref().expect("the deployment runs") {
            Running::Whole(server) => server.app(),
            Running::Intake { app, .. } => app,
        }
    }

    /// Waits for something asynchronous.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Clock::Manual(self.clock.clone()).now()
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("readmit.db")
    }

    /// A connection of the test's own, to look and to damage.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.database()).expect("the database opens");
        connection
            .busy_timeout(Duration::from_secs(10))
            .expect("a time-out can be set");
        connection
    }

    /// One value of the database.
    pub(crate) fn query<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.sql()
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// An administrator at the deployment's database.
    pub(crate) fn admin(&self) -> Admin {
        let app = self.app();
        Admin {
            store: app.store.clone(),
            entropy: app.entropy.clone(),
            hasher: Hasher::new(&app.config.password, app.entropy.clone()),
            actor: Actor::Admin("test".to_owned()),
        }
    }

    pub(crate) fn add_business(&self, id: i64, name: &str, portal: &str) {
        let id = BusinessId::new(id).expect("a positive number");
        let portal = PortalUrl::parse(portal).expect("a portal");
        let business = Business::new(id, name.to_owned(), Some(portal), self.now());
        self.wait(self.admin().add_business(business))
            .expect("the business is added");
    }

    pub(crate) fn change_business(&self, id: i64, changes: Changes) {
        let id = BusinessId::new(id).expect("a positive number");
        self.wait(self.admin().set_business(id, changes, self.now()))
            .expect("the business is changed");
    }

    pub(crate) fn add_person(
        &self,
        address: &str,
        name: &str,
        business: Option<i64>,
        password: Option<&str>,
    ) -> AccountId {
        let person = Person {
            email: email(address),
            name: name.to_owned(),
            business: business.and_then(BusinessId::new),
            locale: None,
            password: password.map(|text| Password::new(text).expect("a password")),
            welcome: None,
        };
        self.wait(self.admin().add_account(person, self.now()))
            .expect("the account is added")
    }

    /// Imports JSON Lines; how many people, or what was said.
    pub(crate) fn import(&self, lines: &str) -> Result<usize, String> {
        let app = self.app();
        let businesses = self
            .wait(app.store.read(readmit::business::list))
            .expect("the businesses");
        let rules = Rules {
            policy: &Policy::open(&app.config.password).expect("the policy opens"),
            businesses: &businesses.into_iter().map(|b| (b.id, b)).collect(),
        };
        let rows = import::read(lines.as_bytes(), Format::JsonLines, &rules)
            .map_err(|error| error.to_string())?;
        let keys = &app.config.keys.dir;
        self.wait(self.admin().import(rows, keys, self.now(), |_| ()))
            .map_err(|error| error.to_string())
    }

    pub(crate) fn suspend(&self, address: &str) {
        self.wait(self.admin().suspend(email(address), self.now()))
            .expect("the account is suspended");
    }

    pub(crate) fn send(&self, request: &Request) -> Answer {
        request.send(self.address)
    }

    /// Posts a reset request and returns the answer.
    pub(crate) fn start_reset(&self, body: &Value) -> Answer {
        self.send(&Request::post(&format!("{USERS}/startPasswordReset")).json(body))
    }

    /// Asks for a link for this address without a location; the answer must be 200.
    pub(crate) fn ask_for_link(&self, address: &str) {
        self.start_reset(&json!({ "email": address })).envelope(200);
    }

    /// The next mail, once the outbox knows how its attempt ended. Before that a jump of the clock
    /// could run out its lease, and it would be sent again.
    pub(crate) fn next_mail(&self) -> Mail {
        let mail = self.smtp.next_mail();
        let id = mail.header("Message-ID").expect("a Message-ID");
        wait_until("the attempt is marked", || {
            let same = |message: &Listed| id == format!("<{}>", message.message_id);
            let message = self.outbox().into_iter().find(same)?;
            (message.state != State::Sending).then_some(())
        });
        mail
    }

    /// Asks for a link and returns the token of the mail that comes.
    pub(crate) fn reset_token(&self, address: &str) -> String {
        self.ask_for_link(address);
        self.next_mail().token()
    }

    pub(crate) fn complete(&self, token: &str, password: &str) -> Answer {
        self.complete_with(&json!({ "Token": token, "Password": password }))
    }

    pub(crate) fn complete_with(&self, body: &Value) -> Answer {
        self.send(&Request::post(&format!("{USERS}/completePasswordReset")).json(body))
    }

    /// Completes a reset and returns the one-time login token.
    pub(crate) fn login_token(&self, address: &str, password: &str) -> String {
        let token = self.reset_token(address);
        let confirmed = self.complete(&token, password).envelope(200);
        confirmed["Value"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn exchange(&self, token: &str, minutes: &str) -> Answer {
        let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        self.send(&Request::post(&format!(
            "{USERS}/exchange?token={token}&validForInMinutes={minutes}"
        )))
    }

    pub(crate) fn sign_in(&self, username: &str, password: &str) -> Answer {
        self.send(&Request::post("/api/token").form(&[
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
        ]))
    }

    /// Signs in, and returns the access token and the refresh token.
    pub(crate) fn tokens(&self, username: &str, password: &str) -> (String, String) {
        let answer = self.sign_in(username, password);
        (
            answer.text_of("access_token"),
            answer.text_of("refresh_token"),
        )
    }

    /// The outbox, oldest first.
    pub(crate) fn outbox(&self) -> Vec<Listed> {
        let mut all = self
            .wait(
                self.app()
                    .store
                    .read(|db| outbox::list(db, &Filter::default(), 1_000_000)),
            )
            .expect("the outbox can be read");
        all.reverse();
        all
    }

    /// Waits until every message has come to its end, and returns the outbox.
    pub(crate) fn settled_outbox(&self) -> Vec<Listed> {
        wait_until("the outbox settles", || {
            let all = self.outbox();
            let open = |message: &Listed| matches!(message.state, State::Queued | State::Sending);
            (!all.iter().any(open)).then_some(all)
        })
    }

    /// Waits until the message of that number is in this state, and returns it.
    pub(crate) fn wait_for_state(&self, id: i64, state: State) -> Listed {
        wait_until(&format!("message {id} becomes {state}"), || {
            self.outbox()
                .into_iter()
                .find(|message| message.id == id && message.state == state)
        })
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // A relay that holds a conversation up would hold the stop up too.
        self.smtp.release();
        self.stop();
    }
}

pub(crate) fn email(address: &str) -> EmailAddress {
    EmailAddress::parse(address).expect("an address")
}
