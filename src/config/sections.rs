//! Each section out of its keys: which values are possible, alone and together.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use data_encoding::HEXLOWER;
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::error::ConfigError;
use super::kinds::{ForwardingHeader, Quota};
use super::load::Settings;
use super::{
    Backup, Caps, Http, Introspection, Keys, Limits, Notices, Otp, Outbox, Password, Reset,
    ResourceServer, Storage, TlsFiles, Tokens,
};

/// The fewest characters of a backup's passphrase.
pub(crate) const MIN_PASSPHRASE: usize = 12;
/// Times are stored in milliseconds, so a shorter duration is none.
pub(super) const INSTANT: Duration = Duration::from_millis(1);
/// The claims of a token count whole seconds, so a shorter life is none.
const SECOND: Duration = Duration::from_secs(1);
pub(super) const DAY: Duration = Duration::from_hours(24);
/// Ten years. Longer ones are typing errors, and could overflow when they are added to a time.
pub(super) const LONG: Duration = Duration::from_hours(24 * 3650);

impl Http {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: settings.parsed_by("http.listen", address)?,
            public_url: settings.parsed_by("http.public_url", public_url)?,
            tls: tls_files(settings)?,
            hsts: settings.span("http.hsts", Duration::ZERO..=LONG)?,
            allowed_origins: settings.list("http.allowed_origins", origin)?,
            trusted_proxies: settings.list("http.trusted_proxies", network)?,
            forwarding_header: settings.parsed_by("http.forwarding_header", |text| {
                [ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded]
                    .into_iter()
                    .find(|header| text.eq_ignore_ascii_case(header.as_str()))
                    .ok_or("is no forwarding header; write \"X-Forwarded-For\" or \"Forwarded\"")
            })?,
            max_connections: settings.count("http.max_connections", 1..=1_000_000)?,
            max_in_flight: settings.count("http.max_in_flight", 1..=100_000)?,
            max_body: settings.size("http.max_body", 1..=16 * 1024 * 1024)?,
            header_timeout: settings.span("http.header_timeout", INSTANT..=DAY)?,
            request_timeout: settings.span("http.request_timeout", INSTANT..=DAY)?,
            shutdown_timeout: settings.span("http.shutdown_timeout", Duration::ZERO..=DAY)?,
        })
    }
}

fn tls_files(settings: &Settings) -> Result<Option<TlsFiles>, ConfigError> {
    let cert = settings.optional_path("http.tls_cert")?;
    let key = settings.optional_path("http.tls_key")?;
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(settings.invalid(
            "http.tls_cert",
            "is set and http.tls_key is empty; name the file of the certificate's private key, too",
        )),
        (None, Some(_)) => Err(settings.invalid(
            "http.tls_key",
            "is set and http.tls_cert is empty; name the file of the certificate with its chain, too",
        )),
    }
}

/// Where to listen.
pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "is not an address with a port; write it like \"127.0.0.1:8080\" or \"[::]:8080\"",
    )
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

/// The address of a site, with a slash at its end.
fn public_url(text: &str) -> Result<Url, &'static str> {
    let mut url = web_url(text).ok_or(
        "is not the address of a site; write it like \"https://login.example.com\", without user, query and fragment",
    )?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// An origin in the form of an `Origin` header.
pub(crate) fn origin(text: &str) -> Result<String, &'static str> {
    web_url(text)
        .filter(|url| url.path() == "/")
        .map(|url| url.origin().ascii_serialization())
        .ok_or("is not an origin; write it like \"https://portal.example.com\", without a path, and no \"*\"")
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    if let Ok(network) = text.parse::<IpNet>() {
        let network = network.trunc();
        // Clients' addresses are compared in their IPv4 form where they have one.
        let IpAddr::V4(address) = network.addr().to_canonical() else {
            return Ok(network);
        };
        let length = network.prefix_len() - (network.max_prefix_len() - 32);
        return Ok(IpNet::new_assert(address.into(), length));
    }
    text.parse::<IpAddr>()
        .map(|address| IpNet::from(address.to_canonical()))
        .map_err(|_| "is not an address or network; write it like \"10.0.0.5\" or \"10.0.0.0/8\"")
}

impl Storage {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            path: settings.path("storage.path")?,
            max_group: settings.count("storage.max_group", 1..=4096)?,
            queue: settings.count("storage.queue", 1..=1_000_000)?,
            readers: settings.count("storage.readers", 1..=256)?,
            busy_timeout: settings.span("storage.busy_timeout", INSTANT..=DAY)?,
        })
    }
}

impl Keys {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            dir: settings.path("keys.dir")?,
        })
    }
}

impl Backup {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let backup = Self {
            dir: settings.optional_path("backup.dir")?,
            every: settings.span("backup.every", 60 * SECOND..=LONG)?,
            keep: settings.count("backup.keep", 1..=10_000)?,
            with_keys: settings.switch("backup.with_keys")?,
            passphrase: settings.secret_or_file("backup.passphrase", "backup.passphrase_file")?,
        };
        let length = |passphrase: &SecretString| passphrase.expose_secret().chars().count();
        match &backup.passphrase {
            None if backup.with_keys => Err(settings.invalid(
                "backup.with_keys",
                "needs a passphrase; set backup.passphrase_file or backup.passphrase too",
            )),
            Some(passphrase) if length(passphrase) < MIN_PASSPHRASE => Err(settings.invalid(
                if settings.text("backup.passphrase")?.is_empty() {
                    "backup.passphrase_file"
                } else {
                    "backup.passphrase"
                },
                format!(
                    "is too short; whoever has a backup can guess at leisure, so take {MIN_PASSPHRASE} \
                     characters or more"
                ),
            )),
            _ => Ok(backup),
        }
    }
}

impl Outbox {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let first_retry = settings.span("outbox.first_retry", INSTANT..=LONG)?;
        let max_retry = settings.span("outbox.max_retry", INSTANT..=LONG)?;
        if max_retry < first_retry {
            return Err(settings.invalid(
                "outbox.max_retry",
                "is shorter than outbox.first_retry; it must be at least as long",
            ));
        }
        Ok(Self {
            first_retry,
            max_retry,
            lease: settings.span("outbox.lease", INSTANT..=LONG)?,
            poll: settings.span("outbox.poll", INSTANT..=DAY)?,
            concurrency: settings.count("outbox.concurrency", 1..=256)?,
            rate: Some(settings.count("outbox.rate", 0..=100_000)?).filter(|rate| *rate > 0),
            max_crashes: settings.count("outbox.max_crashes", 2..=1_000_000)?,
            alarm_after: settings.span("outbox.alarm_after", INSTANT..=LONG)?,
            keep_sent: settings.span("outbox.keep_sent", Duration::ZERO..=LONG)?,
            keep_dropped: settings.span("outbox.keep_dropped", Duration::ZERO..=LONG)?,
            keep_dead: settings.span("outbox.keep_dead", Duration::ZERO..=LONG)?,
        })
    }
}

impl Reset {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            ttl: settings.span("reset.ttl", SECOND..=LONG)?,
            welcome_ttl: settings.span("reset.welcome_ttl", SECOND..=LONG)?,
            max_pending: settings.count("reset.max_pending", 1..=100)?,
            cooldown: settings.span("reset.cooldown", Duration::ZERO..=LONG)?,
        })
    }
}

impl Tokens {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            access_ttl: settings.span("tokens.access_ttl", SECOND..=LONG)?,
            refresh_ttl: settings.span("tokens.refresh_ttl", SECOND..=LONG)?,
            refresh_grace: settings.span("tokens.refresh_grace", Duration::ZERO..=60 * SECOND)?,
            // The parameter `validForInMinutes` goes from 1 to 10080.
            max_exchange: settings.span("tokens.max_exchange", 60 * SECOND..=7 * DAY)?,
        })
    }
}

impl Otp {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            ttl: settings.span("otp.ttl", SECOND..=600 * SECOND)?,
            digits: settings.count("otp.digits", 6..=10)?,
            cooldown: settings.span("otp.cooldown", Duration::ZERO..=DAY)?,
            max_attempts: settings.count("otp.max_attempts", 1..=5)?,
        })
    }
}

impl Introspection {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            resource_servers: settings.list("introspection.resource_servers", resource_server)?,
        })
    }
}

fn resource_server(text: &str) -> Result<ResourceServer, &'static str> {
    let hash = |hex: &str| {
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
        <[u8; 32]>::try_from(bytes).ok()
    };
    text.split_once(':')
        .filter(|(name, _)| !name.is_empty())
        .and_then(|(name, hex)| Some((name.to_owned(), hash(hex)?)))
        .map(|(name, secret_sha256)| ResourceServer {
            name,
            secret_sha256,
        })
        .ok_or("is not a resource server; write its name, a colon, and the SHA-256 of its secret in lower-case hex")
}

impl Notices {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            sign_in: settings.switch("notices.sign_in")?,
        })
    }
}

impl Password {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let lanes: u32 = settings.count("password.argon2_parallelism", 1..=256)?;
        let memory: u32 = settings.count("password.argon2_memory_kib", 8..=16 * 1024 * 1024)?;
        if memory < 8 * lanes {
            let problem = format!(
                "{memory} is too little; Argon2 needs 8 KiB for each lane of password.argon2_parallelism, here {}",
                8 * lanes
            );
            return Err(settings.invalid("password.argon2_memory_kib", problem));
        }
        Ok(Self {
            min_length: settings.count("password.min_length", 8..=64)?,
            min_score: settings.count("password.min_score", 0..=4)?,
            breach_file: settings.optional_path("password.breach_file")?,
            argon2_memory_kib: memory,
            argon2_iterations: settings.count("password.argon2_iterations", 1..=1000)?,
            argon2_parallelism: lanes,
            threads: settings.count("password.threads", 0..=1024)?,
            queue: settings.count("password.queue", 1..=1_000_000)?,
        })
    }
}

impl Limits {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let client = |key| {
            let client = quota(settings, key)?;
            Ok::<_, ConfigError>(Caps {
                client,
                ..Caps::default()
            })
        };
        Ok(Self {
            enabled: settings.switch("limits.enabled")?,
            max_keys: settings.count("limits.max_keys", 1000..=100_000_000)?,
            reset: Caps {
                client: quota(settings, "limits.reset")?,
                email: quota(settings, "limits.reset_email")?,
                business: quota(settings, "limits.reset_business")?,
            },
            complete: Caps {
                business: quota(settings, "limits.complete_business")?,
                ..client("limits.complete")?
            },
            otp: Caps {
                client: quota(settings, "limits.otp")?,
                email: quota(settings, "limits.otp_email")?,
                business: quota(settings, "limits.otp_business")?,
            },
            verify: Caps {
                client: quota(settings, "limits.verify")?,
                email: quota(settings, "limits.verify_email")?,
                business: quota(settings, "limits.verify_business")?,
            },
            sign_in: Caps {
                email: quota(settings, "limits.sign_in_email")?,
                ..client("limits.sign_in")?
            },
            exchange: client("limits.exchange")?,
            refresh: client("limits.refresh")?,
            strength: client("limits.strength")?,
            any: client("limits.any")?,
        })
    }
}

/// A quota; an empty text means none.
fn quota(settings: &Settings, key: &str) -> Result<Option<Quota>, ConfigError> {
    settings
        .optional(key)?
        .map_or(Ok(None), |_| settings.parsed(key).map(Some))
}
