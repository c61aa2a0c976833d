//! Who takes the mail, and how much of the way there is encrypted.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use url::{Host, Url};

/// Where mail systems of every kind put the program that takes mail.
const SENDMAIL: &str = "/usr/sbin/sendmail";

/// A relay, or what stands in for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayUrl {
    /// An SMTP server.
    Smtp {
        /// A host name in lower case or an IP address, an IPv6 one without brackets.
        host: String,
        /// The port.
        port: u16,
        /// When the connection is encrypted.
        tls: Tls,
    },
    /// A program of this host's mail system, which takes a letter on its standard input.
    Sendmail(PathBuf),
    /// A folder into which each mail is written as an `.eml` file.
    File(PathBuf),
}

/// When a connection to the relay is encrypted. Certificates are verified wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    None,
    /// By STARTTLS if the relay offers it.
    Opportunistic,
    /// By STARTTLS, or there is no mail.
    Required,
    /// From the first byte.
    Implicit,
}

impl Tls {
    /// Whether everything that matters travels encrypted, whatever the relay or somebody on the way says.
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::Required | Self::Implicit)
    }
}

/// Why a text is no [`RelayUrl`]. The messages follow a name for the text and hold nothing of it, since
/// there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    /// A user or a password in front of the host.
    #[error("must not hold a user or password; put them into smtp.username and smtp.password_file")]
    Credentials,
    /// Neither SMTP nor a folder.
    #[error(
        "is not a relay; write it like \"smtp://mail.example.com\", \"smtps://mail.example.com\", \"sendmail:\" or \"file:DIR\""
    )]
    Scheme,
    /// No host, or a host or port that cannot be.
    #[error(
        "needs a host name or address, and a port from 1 to 65535 if any, like \"smtp://mail.example.com:587\""
    )]
    Host,
    /// Something behind the host that SMTP has no use for.
    #[error(
        "must end with the host or port, but for ?tls=required, ?tls=opportunistic or ?tls=none"
    )]
    Rest,
    /// An unknown word behind `?tls=`.
    #[error(
        "has an unknown ?tls=; write required, opportunistic or none (smtps:// is TLS from the first byte)"
    )]
    Tls,
    /// `smtps://` with an opinion on TLS.
    #[error("is TLS from the first byte already; leave ?tls= out, or write smtp://")]
    TlsTwice,
    /// `sendmail:` with a program that is not named by its whole path.
    #[error("needs the whole path of a program, like \"sendmail:/usr/sbin/sendmail\", or none")]
    Program,
    /// `file:` without a folder, or with a host.
    #[error("needs a folder, like \"file:mails\" or \"file:/var/lib/readmit/mails\"")]
    Folder,
}

impl RelayUrl {
    /// Whether a password can reach the relay without being readable on a network.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Smtp { host, tls, .. } => tls.is_certain() || is_loopback(host),
            Self::Sendmail(_) | Self::File(_) => true,
        }
    }
}

impl FromStr for RelayUrl {
    type Err = RelayUrlError;

    fn from_str(text: &str) -> Result<Self, RelayUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(RelayUrlError::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "smtp" => parse_smtp(text, false),
            "smtps" => parse_smtp(text, true),
            "sendmail" => parse_program(rest),
            "file" => parse_folder(rest),
            _ => Err(RelayUrlError::Scheme),
        }
    }
}

fn parse_smtp(text: &str, implicit: bool) -> Result<RelayUrl, RelayUrlError> {
    // No part of such a URL has a use for an @, so this also sees credentials in a URL that is broken.
    if text.contains('@') {
        return Err(RelayUrlError::Credentials);
    }
    let url = Url::parse(text).map_err(|_| RelayUrlError::Host)?;
    let host = match url.host() {
        Some(Host::Ipv6(address)) => address.to_string(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Domain(name)) if is_host_name(name) => name.to_ascii_lowercase(),
        _ => return Err(RelayUrlError::Host),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(RelayUrlError::Rest);
    }
    let tls = match parse_tls(&url)? {
        Some(_) if implicit => return Err(RelayUrlError::TlsTwice),
        Some(tls) => tls,
        None if implicit => Tls::Implicit,
        None if is_loopback(&host) => Tls::Opportunistic,
        None => Tls::Required,
    };
    let port = match (url.port(), tls) {
        (Some(0), _) => return Err(RelayUrlError::Host),
        (Some(port), _) => port,
        (None, Tls::Implicit) => 465,
        (None, Tls::Required) => 587,
        (None, Tls::Opportunistic | Tls::None) => 25,
    };
    Ok(RelayUrl::Smtp { host, port, tls })
}

fn parse_tls(url: &Url) -> Result<Option<Tls>, RelayUrlError> {
    match url.query() {
        None => Ok(None),
        Some("tls=required") => Ok(Some(Tls::Required)),
        Some("tls=opportunistic") => Ok(Some(Tls::Opportunistic)),
        Some("tls=none") => Ok(Some(Tls::None)),
        Some(query) if query.starts_with("tls=") => Err(RelayUrlError::Tls),
        Some(_) => Err(RelayUrlError::Rest),
    }
}

/// Which program runs must not depend on the working directory or on `PATH`.
fn parse_program(rest: &str) -> Result<RelayUrl, RelayUrlError> {
    let path = if rest.is_empty() { SENDMAIL } else { rest };
    if !path.starts_with('/') || path.starts_with("//") || path.contains('\0') {
        return Err(RelayUrlError::Program);
    }
    Ok(RelayUrl::Sendmail(PathBuf::from(path)))
}

/// `file:DIR` takes DIR as it stands, without percent decoding; `file:///DIR` is an absolute one.
fn parse_folder(rest: &str) -> Result<RelayUrl, RelayUrlError> {
    let folder = match rest.strip_prefix("//") {
        // What follows two slashes is a host, in a URL; a third one says that there is none.
        Some(rest) if !rest.starts_with('/') => return Err(RelayUrlError::Folder),
        Some(rest) => format!("/{}", rest.trim_start_matches('/')),
        None => rest.to_owned(),
    };
    if folder.trim().is_empty() || folder.contains('\0') {
        return Err(RelayUrlError::Folder);
    }
    Ok(RelayUrl::File(PathBuf::from(folder)))
}

fn is_host_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
}

/// Whether what is said to this host never leaves the machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Port and TLS are always written out, so that an administrator sees what was chosen for them.
impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port, tls) = match self {
            Self::Sendmail(program) => return write!(f, "sendmail:{}", program.display()),
            Self::File(folder) => return write!(f, "file:{}", folder.display()),
            Self::Smtp { host, port, tls } => (host, port, tls),
        };
        let (scheme, option) = match tls {
            Tls::Implicit => ("smtps", ""),
            Tls::Required => ("smtp", "?tls=required"),
            Tls::Opportunistic => ("smtp", "?tls=opportunistic"),
            Tls::None => ("smtp", "?tls=none"),
        };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}{option}")
        } else {
            write!(f, "{scheme}://{host}:{port}{option}")
        }
    }
}
