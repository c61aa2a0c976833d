//! Configuration: embedded defaults, then a file, then environment variables, then one checked value.
//!
//! `config.example.toml` is the documentation for administrators *and* the defaults, so the two
//! cannot drift apart. Whatever is wrong is refused at the start with one message that names where
//! the value came from, its key and what is expected there; no message holds a password.

mod edit_distance;
mod error;
mod kinds;
mod load;
mod observe;
mod own;
mod print;
mod read;
mod relay;
mod secret;
mod sections;
mod smtp;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

pub use error::{ConfigError, Origin};
pub use kinds::{ForwardingHeader, LogFormat, Mailbox, MailboxError, Quota, QuotaError};
pub use observe::{Audit, Log, Metrics};
pub use own::own_file;
pub use relay::{RelayUrl, RelayUrlError, Tls};
pub(crate) use secret::secret_from;
pub(crate) use sections::{MIN_PASSPHRASE, origin};

/// The documented sample file, which holds the default of every key.
pub const SAMPLE: &str = include_str!("../config.example.toml");

/// Everything that an administrator can set. Its values are checked, alone and together.
#[derive(Clone, Debug)]
pub struct Config {
    /// The HTTP server.
    pub http: Http,
    /// The database.
    pub storage: Storage,
    /// The signing keys.
    pub keys: Keys,
    /// Backups.
    pub backup: Backup,
    /// The mail relay.
    pub smtp: Smtp,
    /// When mail is sent.
    pub outbox: Outbox,
    /// Reset links.
    pub reset: Reset,
    /// One-time codes and magic links.
    pub otp: Otp,
    /// Access and refresh tokens.
    pub tokens: Tokens,
    /// Who may ask about tokens.
    pub introspection: Introspection,
    /// Mail that nobody asked for.
    pub notices: Notices,
    /// Password policy and the cost of a hash.
    pub password: Password,
    /// How much one caller may ask for.
    pub limits: Limits,
    /// The audit log.
    pub audit: Audit,
    /// What monitoring asks.
    pub metrics: Metrics,
    /// The log.
    pub log: Log,
}

/// Section `[http]`.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How the world reaches this server: http or https, without user, query and fragment. Its path
    /// ends with a slash, so `join` appends to it.
    pub public_url: Url,
    /// The certificate and key of a listener that speaks TLS; none for plain HTTP.
    pub tls: Option<TlsFiles>,
    /// For how long browsers that came by TLS use nothing else (RFC 6797); zero to say nothing.
    pub hsts: Duration,
    /// Origins that may call the API, in the form of an `Origin` header: `https://host[:port]`.
    pub allowed_origins: Vec<String>,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Which header that is.
    pub forwarding_header: ForwardingHeader,
    /// The most connections at the same time.
    pub max_connections: usize,
    /// The most requests that are worked on at the same time.
    pub max_in_flight: usize,
    /// The most bytes of a request body.
    pub max_body: usize,
    /// How long headers may take to arrive, and a TLS handshake to be done; also how long an idle
    /// connection is kept.
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub request_timeout: Duration,
    /// How long running requests may go on after a stop signal; can be zero.
    pub shutdown_timeout: Duration,
}

/// The files of a listener's TLS, both in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and the authority's.
    pub cert: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// Section `[storage]`.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The database file.
    pub path: PathBuf,
    /// The most jobs that share one commit.
    pub max_group: usize,
    /// The most jobs that wait for the writer.
    pub queue: usize,
    /// How many connections read at the same time.
    pub readers: usize,
    /// How long to wait for another process that holds the database.
    pub busy_timeout: Duration,
}

/// Section `[keys]`.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The folder of the signing keys.
    pub dir: PathBuf,
}

/// Section `[backup]`.
#[derive(Clone, Debug)]
pub struct Backup {
    /// The folder of the backups that the server makes; none when it makes none.
    pub dir: Option<PathBuf>,
    /// How long from one to the next.
    pub every: Duration,
    /// How many are kept.
    pub keep: usize,
    /// Whether they hold the keys; there is a passphrase then.
    pub with_keys: bool,
    /// The passphrase of backups that hold keys.
    pub passphrase: Option<SecretString>,
}

/// Section `[smtp]`.
///
/// There is a username exactly when there is a password, and with them every relay is on loopback,
/// always speaks TLS, or is a folder.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Who takes the mail, in the order of preference: one at least, and none twice.
    pub urls: Vec<RelayUrl>,
    /// The sender of mail that belongs to no business.
    pub from: Mailbox,
    /// The account at the relay.
    pub username: Option<String>,
    /// Its password, from `smtp.password` or from the file that `smtp.password_file` names.
    pub password: Option<SecretString>,
    /// A file with an OAuth 2.0 access token that takes the password's place. It is read for each
    /// connection, because such a token lives for an hour or so.
    pub token_file: Option<PathBuf>,
    /// A PEM file of certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The name given in EHLO instead of the host's own: a domain or an address literal.
    pub hello_name: Option<String>,
}

/// Section `[outbox]`.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// The wait before the second attempt.
    pub first_retry: Duration,
    /// The longest wait between attempts; never below `first_retry`.
    pub max_retry: Duration,
    /// How long a message is claimed for one attempt, unless the claim is renewed; always longer than
    /// `smtp.timeout`.
    pub lease: Duration,
    /// How often to look for due messages besides being woken.
    pub poll: Duration,
    /// The most connections to one relay, and attempts, at the same time.
    pub concurrency: usize,
    /// The most messages in any second; none for no limit.
    pub rate: Option<u32>,
    /// After how many attempts that ended with the process a message is set aside: 2 at least.
    pub max_crashes: u32,
    /// For how long mail may wait past its time before the server reports that it is not ready.
    pub alarm_after: Duration,
    /// How long a message is kept after it was sent.
    pub keep_sent: Duration,
    /// How long a message is kept after it was dropped.
    pub keep_dropped: Duration,
    /// How long a dead message is kept.
    pub keep_dead: Duration,
}

/// Section `[reset]`.
#[derive(Clone, Debug)]
pub struct Reset {
    /// How long a link works.
    pub ttl: Duration,
    /// How long the link works that welcomes somebody who was added.
    pub welcome_ttl: Duration,
    /// The most links of one account that work at the same time.
    pub max_pending: u32,
    /// How long an unused link holds back the next one; can be zero.
    pub cooldown: Duration,
}

/// Section `[tokens]`.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// How long an access token works.
    pub access_ttl: Duration,
    /// How long a session lasts from its start, however often it is refreshed.
    pub refresh_ttl: Duration,
    /// How long a used refresh token can be used again, for an answer that was lost; can be zero.
    pub refresh_grace: Duration,
    /// The longest life that the caller of `exchange` may ask for: 1 minute to 7 days.
    pub max_exchange: Duration,
}

/// Section `[otp]`.
#[derive(Clone, Debug)]
pub struct Otp {
    /// How long a code works, from when it is sent: 10 minutes at most.
    pub ttl: Duration,
    /// How many digits a code has: 6 to 10.
    pub digits: u32,
    /// How soon a further code can be asked for; can be zero.
    pub cooldown: Duration,
    /// How many wrong guesses a code survives, less one.
    pub max_attempts: u32,
}

/// Section `[notices]`.
#[derive(Clone, Debug)]
pub struct Notices {
    /// Whether a sign-in from a client that is new to the account is told by mail.
    pub sign_in: bool,
}

/// Who may ask about tokens (RFC 7662): a name, and the SHA-256 of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServer {
    /// The user name of its Basic authentication.
    pub name: String,
    /// The hash of its password. The secret itself has 256 random bits, so a plain hash is enough.
    pub secret_sha256: [u8; 32],
}

/// Section `[introspection]`.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// Those who may ask.
    pub resource_servers: Vec<ResourceServer>,
}

/// Section `[password]`. The `argon2_*` values are within Argon2's own limits.
#[derive(Clone, Debug)]
pub struct Password {
    /// The fewest characters of a new password.
    pub min_length: usize,
    /// How hard it must be to guess, by zxcvbn's scale of 0 to 4; 0 takes any.
    pub min_score: u8,
    /// A file of SHA-1 hashes of breached passwords, sorted.
    pub breach_file: Option<PathBuf>,
    /// Memory of one hash in KiB, at least 8 for each lane.
    pub argon2_memory_kib: u32,
    /// Passes over that memory.
    pub argon2_iterations: u32,
    /// Lanes.
    pub argon2_parallelism: u32,
    /// How many hashes are computed at the same time; 0 is as many as there are cores.
    pub threads: usize,
    /// The most sign-ins that wait for a hash.
    pub queue: usize,
}

/// Section `[limits]`: quotas by action, and by what requests are counted.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whether any limit applies.
    pub enabled: bool,
    /// The most callers that are remembered at the same time.
    pub max_keys: usize,
    /// Requests for a reset link. The quota by address is silent.
    pub reset: Caps,
    /// New passwords set with a link; there is no address to count by.
    pub complete: Caps,
    /// Requests for a one-time code. The quota by address is silent.
    pub otp: Caps,
    /// Tries of a one-time code.
    pub verify: Caps,
    /// Sign-ins with a password; no location is submitted.
    pub sign_in: Caps,
    /// Exchanges of one-time tokens, by client.
    pub exchange: Caps,
    /// Refreshes of a session, by client.
    pub refresh: Caps,
    /// Questions of the hosted pages how strong a password is, by client.
    pub strength: Caps,
    /// All requests together, by client.
    pub any: Caps,
}

/// The quotas of one action; what has none is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Of one client network.
    pub client: Option<Quota>,
    /// Of one submitted email address, from wherever.
    pub email: Option<Quota>,
    /// Of one submitted location, from wherever.
    pub business: Option<Quota>,
}

/// Which file is laid over the defaults.
#[derive(Clone, Copy, Debug)]
pub enum ConfigFile<'a> {
    /// The file at the usual place; it need not exist.
    Optional(&'a Path),
    /// A file that the administrator named; it must exist.
    Required(&'a Path),
    /// No file.
    None,
}

impl Config {
    /// Layers the defaults, `file` and `env`, and checks the outcome.
    ///
    /// Of `env`, only variables named `READMIT_<SECTION>__<KEY>` count.
    pub fn load(
        file: ConfigFile<'_>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let settings = load::layered(file, env)?;
        let config = Self {
            http: Http::read(&settings)?,
            storage: Storage::read(&settings)?,
            keys: Keys::read(&settings)?,
            backup: Backup::read(&settings)?,
            smtp: Smtp::read(&settings)?,
            outbox: Outbox::read(&settings)?,
            reset: Reset::read(&settings)?,
            otp: Otp::read(&settings)?,
            tokens: Tokens::read(&settings)?,
            introspection: Introspection::read(&settings)?,
            notices: Notices::read(&settings)?,
            password: Password::read(&settings)?,
            limits: Limits::read(&settings)?,
            audit: Audit::read(&settings)?,
            metrics: Metrics::read(&settings)?,
            log: Log::read(&settings)?,
        };
        if config.outbox.lease <= config.smtp.timeout {
            let lease = kinds::show_span(config.outbox.lease);
            let timeout = kinds::show_span(config.smtp.timeout);
            // Who has set one of the two is told about that one.
            let (key, problem) = if *settings.origin("outbox.lease")? == Origin::Sample {
                let limit = format!("it must be shorter than outbox.lease, which is {lease}");
                ("smtp.timeout", format!("{timeout} is too long; {limit}"))
            } else {
                let limit = format!("it must be longer than smtp.timeout, which is {timeout}");
                ("outbox.lease", format!("{lease} is too short; {limit}"))
            };
            return Err(settings.invalid(key, problem));
        }
        Ok(config)
    }

    /// The effective configuration in the layout of the sample; a password shows as `(set, not shown)`.
    pub fn to_toml(&self) -> String {
        print::to_toml(self)
    }
}
