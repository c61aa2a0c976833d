//! `readmit demo`: a deployment that needs nothing, filled with people, whose mail is caught.

mod mailbox;
mod walk;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args as ClapArgs;
use tokio::net::TcpListener;

use self::mailbox::Mailbox;
use super::serve::Signals;
use super::setup::CLOCK;
use super::{Error, Output, client};
use crate::admin::{Admin, Person};
use crate::app::App;
use crate::audit::Actor;
use crate::business::{Business, BusinessId, Colour, PortalUrl};
use crate::config::{Config, ConfigFile};
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::password::{Context, Hasher, Policy};
use crate::server::Server;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep database, keys and mail here [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Walk through a whole reset by itself, show every request and answer, and end
    #[arg(long)]
    walk: bool,
}

/// The person whom the demo walks along with.
const JANE: &str = "jane@example.com";
/// Somebody at the location without a portal.
const OMAR: &str = "omar@example.com";
/// Jane's location.
const CANAL_HOUSE: i64 = 7;
/// The location that has no portal.
const HARBOUR_LOFT: i64 = 8;
/// Everybody's password at first.
const PASSWORD: &str = "nine otters in the old mill";
/// The one that Jane changes it to.
const NEW_PASSWORD: &str = "seven herons on the quay";

pub(super) async fn run(args: Args, out: &Output) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    let folder = Folder::new(args.dir)?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {} (--listen): {error}", args.listen))?;
    let address = listener.local_addr()?;
    let app = App::open(
        configuration(folder.path(), address)?,
        CLOCK,
        Entropy::System,
    )?;
    fill(&app).await?;
    let mut mailbox = Mailbox::open(folder.path().join("mail"))?;
    let server = Server::start(app, listener)?;
    let base = format!("http://{address}");

    let result = if args.walk {
        let server = client::Server {
            address,
            tls: false,
            patience: Duration::from_secs(10),
        };
        walk::through(&server, &mut mailbox, out).await
    } else {
        greet(&base, folder.path(), out)?;
        loop {
            let mail = tokio::select! {
                mail = mailbox.next() => mail?,
                _ = signals.next() => break Ok(()),
            };
            announce(&base, &mail, out)?;
        }
    };
    server.stop().await;
    result
}

/// A temporary folder goes with the demo; one that was named stays.
enum Folder {
    Kept(PathBuf),
    Temporary(PathBuf),
}

impl Folder {
    fn new(named: Option<PathBuf>) -> Result<Self, Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        let (folder, recursive) = if let Some(path) = named {
            (Self::Kept(path), true)
        } else {
            let name = format!("readmit-demo-{}", Entropy::System.token::<9>());
            (Self::Temporary(std::env::temp_dir().join(name)), false)
        };
        std::fs::DirBuilder::new()
            .recursive(recursive)
            .mode(0o700)
            .create(folder.path())
            .map_err(|error| format!("cannot make {}: {error}", folder.path().display()))?;
        Ok(folder)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) | Self::Temporary(path) => path,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Self::Temporary(path) = self {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// The defaults, but for what the demo is about.
fn configuration(folder: &Path, address: SocketAddr) -> Result<Config, Error> {
    let at = |name: &str| folder.join(name).display().to_string();
    let settings = [
        ("HTTP__LISTEN", address.to_string()),
        ("HTTP__PUBLIC_URL", format!("http://{address}/")),
        ("STORAGE__PATH", at("readmit.db")),
        ("KEYS__DIR", at("keys")),
        ("SMTP__URL", format!("file:{}", at("mail"))),
        (
            "SMTP__FROM",
            "readmit demo <no-reply@readmit.example>".to_owned(),
        ),
    ];
    let settings = settings.map(|(key, value)| (format!("READMIT_{key}"), value));
    Ok(Config::load(ConfigFile::None, settings)?)
}

/// Two businesses and three people, unless an earlier demo left them.
async fn fill(app: &App) -> Result<(), Error> {
    let admin = Admin {
        store: app.store.clone(),
        entropy: app.entropy.clone(),
        hasher: Hasher::new(&app.config.password, app.entropy.clone()),
        actor: Actor::Admin("demo".to_owned()),
    };
    if !admin.store.read(crate::business::list).await?.is_empty() {
        return Ok(());
    }
    let now = CLOCK.now();
    let policy = Policy::open(&app.config.password)?;
    for (id, name, portal, colour) in [
        (
            CANAL_HOUSE,
            "Canal House",
            Some("https://canal-house.example"),
            "#0b6e4f",
        ),
        (HARBOUR_LOFT, "Harbour Loft", None, "#8a3ffc"),
    ] {
        let id = BusinessId::new(id).ok_or("a business has a positive number")?;
        let portal = portal.map(PortalUrl::parse).transpose()?;
        let mut business = Business::new(id, name.to_owned(), portal, now);
        business.colour = Some(Colour::parse(colour)?);
        admin.add_business(business).await?;
    }
    for (email, name, business, password) in [
        (JANE, "Jane Doe", CANAL_HOUSE, Some(PASSWORD)),
        (OMAR, "Omar Haddad", HARBOUR_LOFT, Some(PASSWORD)),
        ("kim@example.com", "Kim Vos", HARBOUR_LOFT, None),
    ] {
        let email = EmailAddress::parse(email)?;
        let context = Context {
            email: Some(email.clone()),
            name: Some(name.to_owned()),
            business: None,
            min_length: None,
        };
        let accept = |text| policy.accept(text, &context);
        let password = password.map(accept).transpose();
        admin
            .add_account(
                Person {
                    email,
                    name: name.to_owned(),
                    business: BusinessId::new(business),
                    locale: None,
                    password: password.map_err(|missed| missed.to_string())?,
                    welcome: None,
                },
                now,
            )
            .await?;
    }
    Ok(())
}

fn greet(base: &str, folder: &Path, out: &Output) -> Result<(), Error> {
    out.line(format!(
        "\
readmit demo: everything is in {folder}

  The API, explained and to try out:  {base}/docs
  The pages of a location without a portal:  {base}/p/{HARBOUR_LOFT}/sign-in
  People:     {JANE} of Canal House ({CANAL_HOUSE}), {OMAR} of Harbour Loft ({HARBOUR_LOFT}),
              both with the password \"{PASSWORD}\";
              kim@example.com of Harbour Loft, who has no password yet

1. Ask for a reset link:

  curl -H 'content-type: application/json' {base}/api/sys/users/startPasswordReset \\
    -d '{{\"email\": \"{JANE}\", \"businessId\": {CANAL_HOUSE}}}'

   Or for a one-time code to sign in with:

  curl '{base}/api/sys/users/sendOtp?email={JANE}&businessId={CANAL_HOUSE}'

The mail shows up here, with the next step. Ctrl-C ends the demo.
",
        folder = folder.display(),
    ))
}

fn announce(base: &str, mail: &mailbox::Caught, out: &Output) -> Result<(), Error> {
    out.line(format!("--- mail to {}: {}", mail.to, mail.subject))?;
    match (&mail.link, mail.token()) {
        (Some(link), Some(_)) if link.starts_with(base) => out.line(format!(
            "    {link}\n\nOpen it in a browser: nothing is used up until you go on from there.\n"
        )),
        (Some(link), Some(token)) if mail.is_magic_link() => out.line(format!(
            "    {link}

Exchange the token of the magic link for a session:

  curl -X POST '{base}/api/sys/users/exchange?validForInMinutes=1440&token={token}'

Or type the code, and exchange what comes back in Value:

  curl -H 'content-type: application/json' {base}/api/sys/users/verifyOtp \\
    -d '{{\"Email\": \"{to}\", \"Otp\": \"CODE\", \"BusinessId\": {CANAL_HOUSE}}}'
",
            to = mail.to,
        )),
        (Some(link), Some(token)) => out.line(format!(
            "    {link}

2. Choose a new password with the link's token:

  curl -H 'content-type: application/json' {base}/api/sys/users/completePasswordReset \\
    -d '{{\"Token\": \"{token}\", \"Password\": \"{NEW_PASSWORD}\"}}'

3. Exchange the one-time token in the answer's Value for a session:

  curl -X POST '{base}/api/sys/users/exchange?validForInMinutes=1440&token=VALUE'

4. From now on, sign in with the new password:

  curl {base}/api/token -d grant_type=password \\
    --data-urlencode 'username={to}' --data-urlencode 'password={NEW_PASSWORD}'
",
            to = mail.to,
        )),
        _ => out.line(format!("    {}\n", mail.file.display())),
    }
}
