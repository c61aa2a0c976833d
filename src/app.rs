//! The parts of one deployment, put together.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, Mailbox};
use crate::dkim::{Dkim, DkimError};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::load::Load;
use crate::mailing;
use crate::otp::{self, Otps};
use crate::outbox::transport::TransportError;
use crate::outbox::worker::{Parts, Worker};
use crate::outbox::{Kind, OwnRelays, Relays, Renderer};
use crate::password::{BreachFileError, Hasher, Policy};
use crate::reset::{self, Resets};
use crate::session::Sessions;
use crate::store::{self, OpenError, Store};
use crate::templates::Templates;
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
    /// The outbox's worker, to be run beside the server.
    pub worker: Arc<Worker>,
}

impl App {
    /// Opens the database, loads the keys and wires the parts; nothing is sent or served yet.
    pub fn open(config: Config, clock: Clock, entropy: Entropy) -> Result<Arc<Self>, StartError> {
        if config.keys.dir == config.storage.path {
            return Err(StartError::KeysInDatabase(config.storage.path));
        }
        let store = Store::open(&store::Options::from(&config.storage))?;
        let honoured_for = token::honoured_for(&config);
        let keys = KeyRing::open(&config.keys.dir, honoured_for, clock.clone())?;
        let vault = Arc::new(Vault::open(&config.keys.dir, &entropy)?);
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
            config,
            clock,
            entropy,
            store,
            signer,
            vault,
            worker,
        }))
    }
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
