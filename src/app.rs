//! The parts of one deployment, put together.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::audit;
use crate::backup::schedule::Schedule;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Mailbox};
use crate::dkim::{Dkim, DkimError};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::load::Load;
use crate::mailing;
use crate::meter::Requests;
use crate::otp::{self, Otps};
use crate::outbox::transport::TransportError;
use crate::outbox::worker::{Parts, Worker};
use crate::outbox::{Kind, OwnRelays, Relays, Renderer};
use crate::password::{BreachFileError, Hasher, Policy};
use crate::reset::{self, Resets};
use crate::session::Sessions;
use crate::store::{self, OpenError, Store};
use crate::templates::Templates;
use crate::tls::{Tls, TlsError};
use crate::token::{self, KeyError, KeyRing, Signer};
use crate::totp::TwoFactor;
use crate::vault::Vault;

/// Why a deployment cannot start. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The keys of sender domains.
    #[error(transparent)]
    Dkim(#[from] DkimError),
    /// The listener's certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The relay's settings; a relay that is down is no reason not to start.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The breached passwords.
    #[error(transparent)]
    Breaches(#[from] BreachFileError),
    /// Keys inside the database's backup would undo their being apart.
    #[error("keys.dir must not be the database file {0}")]
    KeysInDatabase(PathBuf),
}

/// Everything that handlers and the worker use.
pub struct App {
    /// The effective configuration.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The database.
    pub store: Store,
    /// The listener's certificate, if it is to speak TLS.
    pub tls: Option<Tls>,
    /// Token signing.
    pub signer: Arc<Signer>,
    /// Sealing, and codes.
    pub vault: Arc<Vault>,
    /// Password reset.
    pub resets: Resets,
    /// Sign-in and sessions.
    pub sessions: Sessions,
    /// One-time codes.
    pub otps: Otps,
    /// What composing mail takes.
    pub mailing: mailing::Settings,
    /// Second factors.
    pub two_factor: TwoFactor,
    /// Quotas.
    pub limits: Arc<Limits>,
    /// Connections and requests.
    pub load: Arc<Load>,
    /// Backups by the clock, to be made beside the server.
    pub backups: Arc<Schedule>,
    /// The outbox's worker, to be run beside the server.
    pub worker: Arc<Worker>,
    /// Which requests were answered.
    pub requests: Requests,
    /// When all this was put together.
    pub started: Timestamp,
}

impl App {
    /// Opens the database, loads the keys and wires the parts; nothing is sent or served yet.
    pub fn open(config: Config, clock: Clock, entropy: Entropy) -> Result<Arc<Self>, StartError> {
        if config.keys.dir == config.storage.path {
            return Err(StartError::KeysInDatabase(config.storage.path));
        }
        let tls = config.http.tls.as_ref();
        let tls = tls.map(|files| Tls::open(files, clock.clone()));
        let tls = tls.transpose()?;
        let vault_of_log = Arc::new(OnceLock::new());
        let hooks = hooks(&config, &entropy, Arc::clone(&vault_of_log));
        let store = Store::open(&store::Options::from(&config.storage), hooks)?;
        let honoured_for = token::honoured_for(&config);
        let keys = KeyRing::open(&config.keys.dir, honoured_for, clock.clone())?;
        let vault = Arc::new(Vault::open(&config.keys.dir, &entropy)?);
        vault_of_log.get_or_init(|| Arc::clone(&vault));
        let signer = Arc::new(Signer::new(keys, &config.http.public_url));
        let hasher = Hasher::new(&config.password, entropy.clone());
        let policy = Policy::open(&config.password)?;
        let limits = Arc::new(Limits::new(&config.limits, clock.clone()));
        let templates = Arc::new(Templates::default());
        let mailing = mailing::Settings {
            templates: Arc::clone(&templates),
            reset: config.reset.clone(),
            otp: config.otp.clone(),
            vault: Arc::clone(&vault),
            from: config.smtp.from.clone(),
            public_url: config.http.public_url.clone(),
            entropy: entropy.clone(),
        };
        let worker = Worker::new(
            Parts {
                store: store.clone(),
                relays: Relays::open(&config.smtp, &config.outbox, clock.clone(), entropy.clone())?,
                own_relays: OwnRelays::new(
                    &config.smtp,
                    &config.outbox,
                    Arc::clone(&vault),
                    clock.clone(),
                    entropy.clone(),
                ),
                renderer: Renderer::new(templates, Arc::clone(&signer)),
                dkim: Dkim::open(&config.keys.dir, clock.clone())?,
                compose: compose(mailing.clone()),
                clock: clock.clone(),
                entropy: entropy.clone(),
            },
            &config.outbox,
        );
        Ok(Arc::new(Self {
            resets: Resets {
                store: store.clone(),
                entropy: entropy.clone(),
                hasher: hasher.clone(),
                signer: Arc::clone(&signer),
                policy: policy.clone(),
                mail_domain: mail_domain(&config.smtp.from),
                limits: Arc::clone(&limits),
            },
            sessions: Sessions {
                store: store.clone(),
                entropy: entropy.clone(),
                hasher: hasher.clone(),
                signer: Arc::clone(&signer),
                vault: Arc::clone(&vault),
                policy,
                settings: config.tokens.clone(),
                notices: config.notices.clone(),
                mail_domain: mail_domain(&config.smtp.from),
            },
            otps: Otps {
                store: store.clone(),
                entropy: entropy.clone(),
                signer: Arc::clone(&signer),
                vault: Arc::clone(&vault),
                settings: config.otp.clone(),
                mail_domain: mail_domain(&config.smtp.from),
                limits: Arc::clone(&limits),
            },
            mailing,
            two_factor: TwoFactor {
                store: store.clone(),
                entropy: entropy.clone(),
                vault: Arc::clone(&vault),
                hasher,
                issuer: issuer(&config.smtp.from),
            },
            limits,
            load: Load::new(&config),
            backups: Arc::new(Schedule::new(&config, entropy.clone())),
            requests: Requests::default(),
            started: clock.now(),
            config,
            clock,
            entropy,
            store,
            tls,
            signer,
            vault,
            worker,
        }))
    }
}

/// What the database's audit log is chained with: the vault, once it is `opened`. Entries from before the
/// chain are sealed sooner, while the database is opened.
fn hooks(config: &Config, entropy: &Entropy, opened: Arc<OnceLock<Arc<Vault>>>) -> store::Hooks {
    let (folder, entropy) = (config.keys.dir.clone(), entropy.clone());
    audit::hooks(move || match opened.get() {
        Some(vault) => Ok(Arc::clone(vault)),
        None => Vault::open(&folder, &entropy).map(Arc::new),
    })
}

fn mail_domain(from: &Mailbox) -> String {
    from.address.domain().to_owned()
}

fn compose(settings: mailing::Settings) -> crate::outbox::worker::Compose {
    Arc::new(move |tx, message, now| match message.kind {
        Kind::Reset | Kind::Welcome => reset::compose(tx, message, &settings, now),
        Kind::Otp => otp::compose(tx, message, &settings, now),
        Kind::Changed | Kind::SignIn => mailing::compose(tx, message, &settings),
    })
}

/// What members call a deployment that they see as one: the name that its mail comes from.
fn issuer(from: &Mailbox) -> String {
    from.name.clone().unwrap_or_else(|| mail_domain(from))
}
