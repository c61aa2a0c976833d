//! What the console does outside of itself: it reads, and it acts as the commands do.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::act::{Act, Done, messages};
use super::query::{self, Answer, Query};
use super::update::{Effect, Message};
use crate::admin::{Acted, Admin};
use crate::app::App;
use crate::audit;
use crate::business::OwnRelay;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::outbox::Filter;
use crate::store::{Place, StoreError};
use crate::templates;
use crate::vault::Vault;

/// How long a server may take to take a connection.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the console acts with.
#[derive(Clone)]
pub struct Hands {
    /// The database, and under which name it is changed.
    pub admin: Admin,
    /// The deployment's configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
}

impl Hands {
    /// Carries out an effect on the database or on files; the message that tells how it went. None for those
    /// on the terminal itself.
    pub async fn carry_out(&self, effect: Effect) -> Option<Message> {
        match effect {
            Effect::Read(query) => Some(match self.read(query.clone()).await {
                Ok(answer) => Message::Read(answer),
                Err(error) => Message::Unread(query, error.to_string()),
            }),
            Effect::Act(act) => {
                let done = self.act(act).await;
                Some(Message::Acted(done.map_err(|error| error.to_string())))
            }
            Effect::Export(file, filter) => {
                let written = self.export(&file, filter).await;
                let written = written.map_err(|error| format!("cannot write {file}: {error}"));
                Some(Message::Exported(written.map(|count| (file, count))))
            }
            Effect::Copy(_) | Effect::Outside(..) | Effect::Quit => None,
        }
    }

    async fn read(&self, query: Query) -> Result<Answer, StoreError> {
        let now = self.clock.now();
        let config = Arc::clone(&self.config);
        let read = move |db: &rusqlite::Connection| query::read(db, query, &config, now);
        let mut answer = self.admin.store.read(read).await?;
        if let Answer::Overview(overview) = &mut answer {
            overview.server = server(self.config.http.listen).await;
        }
        Ok(answer)
    }

    async fn act(&self, act: Act) -> Result<Done, Box<dyn std::error::Error + Send + Sync>> {
        let (admin, now) = (&self.admin, self.clock.now());
        let said = match act {
            Act::RevokeLink(jti, email) => {
                if !admin.revoke_link(jti, now).await? {
                    return Err("the link could not be used any more in any case".into());
                }
                format!("the link of {email} is revoked")
            }
            Act::ResendLink(jti, email) => {
                let domain = self.config.smtp.from.address.domain();
                if !admin.resend_link(jti, domain, now).await? {
                    return Err("the link was removed meanwhile".into());
                }
                format!("a new link is on its way to {email}")
            }
            Act::MakeLink(email) => return self.make_link(email, now).await,
            Act::Suspend(email) => {
                admin.suspend(email.clone(), now).await?;
                format!("{email} is suspended; sessions and links have ended")
            }
            Act::Reactivate(email) => {
                admin.reactivate(email.clone(), now).await?;
                format!("{email} can sign in again")
            }
            Act::RequireReset(email) => {
                admin.require_reset(email.clone(), now).await?;
                format!("{email} must choose a new password; sessions and links have ended")
            }
            Act::EndSessions(email) => {
                let ended = admin.revoke_sessions(email.clone(), now).await?;
                format!("{email}: {ended} sessions have ended")
            }
            Act::TotpOff(email) => {
                if !admin.totp_off(email.clone(), now).await? {
                    return Err(format!("two-factor authentication is not on for {email}").into());
                }
                format!("{email} signs in without a second factor now")
            }
            Act::Retry(ids) => {
                let acted = admin.retry_messages(these(ids), now).await?;
                report(acted, "sent anew or at once", "dead or waiting")
            }
            Act::Cancel(ids) => {
                let acted = admin.cancel_messages(these(ids), now).await?;
                report(acted, "cancelled", "waiting")
            }
            Act::SetBusiness(id, mut changes, login) => {
                if let Some(login) = login {
                    let vault = Vault::open(&self.config.keys.dir, &admin.entropy)?;
                    let (url, user) = (login.url, login.username);
                    let relay = OwnRelay::with_login(id, url, user, &login.password, &vault)?;
                    changes.smtp = Some(Some(relay));
                }
                let business = admin.set_business(id, *changes, now).await?;
                format!("{} is changed", business.name)
            }
            Act::SetTemplate {
                place,
                source,
                before,
            } => return self.set_template(place, source, &before, now).await,
            Act::RollBack(place, version) => {
                let done = admin.roll_template_back(place, version, None, now);
                let new = done.await?;
                if version == 0 {
                    "taken back; the next one in the order stands in for it".to_owned()
                } else {
                    format!("version {new} is in force, the same as version {version}")
                }
            }
            Act::SendTest(mail, draft, to) => {
                let clock = self.clock.clone();
                let sent = admin.send_test(&self.config, clock, mail, draft, &to);
                format!("sent to {to}: {}", sent.await?)
            }
        };
        Ok(Done::Said(said))
    }

    async fn set_template(
        &self,
        place: templates::Place,
        source: String,
        before: &str,
        now: Timestamp,
    ) -> Result<Done, Box<dyn std::error::Error + Send + Sync>> {
        let at = place.clone();
        let in_force = self.admin.store.read(move |db| query::in_force(db, &at));
        let in_force = in_force.await?;
        if in_force != before {
            return Ok(Done::Overtaken(place, in_force));
        }
        let saved = self
            .admin
            .set_template(place.clone(), source.clone(), None, now);
        let version = saved.await?;
        Ok(Done::Saved(place, source, version))
    }

    /// The keys are loaded only now: nothing else here signs.
    async fn make_link(
        &self,
        email: crate::email::EmailAddress,
        now: Timestamp,
    ) -> Result<Done, Box<dyn std::error::Error + Send + Sync>> {
        let (config, entropy) = (Config::clone(&self.config), self.admin.entropy.clone());
        let app = App::open(config, self.clock.clone(), entropy)?;
        let made = app
            .resets
            .link_by_hand(email.clone(), &app.mailing, self.admin.actor.clone(), now)
            .await;
        app.store.close().await;
        Ok(Done::Link(email, made?))
    }

    /// Writes the entries to a file that must be new, for its owner alone.
    async fn export(
        &self,
        file: &str,
        filter: audit::Filter,
    ) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        const STRETCH: usize = 1000;
        let options = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?;
        let mut out = io::BufWriter::new(options);
        let (mut place, mut count) = (Place::Start, 0);
        loop {
            let filter = filter.clone();
            let here = place.clone();
            let read = move |db: &rusqlite::Connection| audit::page(db, &filter, &here, STRETCH);
            let page = self.admin.store.read(read).await?;
            // The stretch begins behind the last entry that was written.
            let fresh = page.rows.get(page.at..).unwrap_or_default();
            for entry in fresh {
                let line = serde_json::to_string(entry)?;
                writeln!(out, "{}", crate::text::escape_active(&line))?;
            }
            count += fresh.len();
            match fresh.last() {
                Some(last) if page.after => place = Place::At(last.id - 1),
                _ => break,
            }
        }
        out.flush()?;
        Ok(count)
    }
}

fn these(ids: Vec<i64>) -> Filter {
    Filter {
        ids,
        ..Filter::default()
    }
}

fn report(acted: Acted, done: &str, wanted: &str) -> String {
    let said = format!("{} {done}", messages(acted.done));
    match acted.passed_over {
        0 => said,
        passed => format!("{said}; {} passed over: not {wanted}", messages(passed)),
    }
}

/// Whether something takes connections where the server is to listen.
async fn server(listen: SocketAddr) -> Result<String, String> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, listen.port());
    match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(address.to_string()),
        Ok(Err(_)) => Err(format!("nothing listens at {address}")),
        Err(_) => Err(format!("{address} does not answer")),
    }
}
