//! What the console reads, and how: by the domains' own functions, on the threads that only read.

mod templates;

use std::time::Duration;

use rusqlite::Connection;

use self::templates::Looks;
pub(super) use self::templates::in_force;
pub use self::templates::{Against, History, Judged, Preview, Template};

use super::list::REACH;
use crate::accounts::{self, Account, AccountId};
use crate::audit;
use crate::business::{self, Business, Rules};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::guesses;
use crate::limits;
use crate::outbox::{self, Backlog, RelayStatus, Shown};
use crate::reset;
use crate::session;
use crate::store::{self, Page, Place, StoreError};
use crate::templates::{Listed, Place as TemplatePlace};
use crate::totp;

/// Something to be read.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "each names a view, and what its list is read by"
)]
pub enum Query {
    Overview,
    Links {
        place: Place<reset::PageKey>,
        all: bool,
        search: String,
    },
    Outbox {
        place: Place<i64>,
        filter: outbox::Filter,
    },
    Accounts {
        place: Place<String>,
        search: String,
    },
    Audit {
        place: Place<i64>,
        filter: audit::Filter,
    },
    Businesses,
    Person(AccountId),
    Message(i64),
    Templates,
    Template {
        place: TemplatePlace,
        /// How wide HTML is to be drawn.
        columns: u16,
    },
    Draft {
        place: TemplatePlace,
        source: String,
        columns: u16,
        /// Which change of the text it is.
        revision: u64,
    },
    History {
        place: TemplatePlace,
        /// Which of them is to be compared; the newest when absent.
        version: Option<i64>,
        against: Against,
    },
}

/// What was read.
#[derive(Debug)]
#[expect(missing_docs, reason = "the same as in `Query`")]
pub enum Answer {
    Overview(Box<Overview>),
    Links(Page<reset::Row>, Place<reset::PageKey>),
    Outbox(Page<outbox::Listed>, Place<i64>),
    Accounts(Page<Account>, Place<String>),
    Audit(Page<audit::Listed>, Place<i64>),
    Businesses(Vec<Business>, Rules),
    /// None when there is none any more.
    Person(Option<Box<Person>>),
    Message(Option<Box<Shown>>),
    Templates(Vec<Business>, Vec<Listed>),
    /// None when its business is gone.
    Template(Option<Box<Template>>),
    Draft(u64, Box<Judged>),
    History(TemplatePlace, Option<i64>, Against, Box<History>),
}

/// What happened over some time, in equal spans.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// Requests for links and codes, and notices: what came into the outbox.
    pub requests: Vec<u32>,
    /// Mails that a relay took.
    pub mails: Vec<u32>,
    /// Sign-ins.
    pub sign_ins: Vec<u32>,
    /// Acts that were refused.
    pub refusals: Vec<u32>,
}

/// How the deployment is.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The last hour, by the minute.
    pub hour: Activity,
    /// The last day, by half an hour.
    pub day: Activity,
    /// What waits and what was given up.
    pub backlog: Backlog,
    /// The relays.
    pub relays: Vec<RelayStatus>,
    /// How many addresses have to wait after wrong passwords and codes.
    pub held_back: u32,
    /// The limits that held requests back in the last hour, and how many; none when there are no limits.
    pub limited: Option<Vec<(String, u64)>>,
    /// The database's size in bytes.
    pub size: u64,
    /// Where the server answers, or that it does not.
    pub server: Result<String, String>,
}

/// All about one person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who it is.
    pub account: Account,
    /// What the location is called.
    pub business: Option<String>,
    /// Open sessions.
    pub sessions: Vec<session::Listed>,
    /// The second factor, while it is on.
    pub second_factor: Option<totp::Status>,
    /// The newest links.
    pub links: Vec<reset::Row>,
    /// The newest mails.
    pub mails: Vec<outbox::Listed>,
    /// The newest entries of the audit log.
    pub trail: Vec<audit::Listed>,
}

/// How many links, mails and entries stand on a person's page.
const NEWEST: usize = 10;

const MINUTE: i64 = 60_000;

/// Reads it. What is not in the database is left empty in an overview.
pub(super) fn read(
    db: &Connection,
    query: Query,
    config: &Config,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let looks = |columns| Looks {
        config,
        columns,
        now,
    };
    Ok(match query {
        Query::Overview => Answer::Overview(Box::new(overview(db, config, now)?)),
        Query::Links { place, all, search } => {
            Answer::Links(reset::page(db, all, &search, &place, REACH, now)?, place)
        }
        Query::Outbox { place, filter } => {
            Answer::Outbox(outbox::page(db, &filter, &place, REACH)?, place)
        }
        Query::Accounts { place, search } => {
            Answer::Accounts(accounts::page(db, &search, &place, REACH)?, place)
        }
        Query::Audit { place, filter } => {
            Answer::Audit(audit::page(db, &filter, &place, REACH)?, place)
        }
        Query::Businesses => Answer::Businesses(business::list(db)?, Rules::new(config)),
        Query::Person(id) => Answer::Person(person(db, id, now)?.map(Box::new)),
        Query::Message(id) => Answer::Message(outbox::show(db, id)?.map(Box::new)),
        Query::Templates => Answer::Templates(business::list(db)?, crate::templates::list(db)?),
        Query::Template { place, columns } => {
            Answer::Template(templates::template(db, place, looks(columns))?.map(Box::new))
        }
        Query::Draft {
            place,
            source,
            columns,
            revision,
        } => {
            let judged = templates::judge(db, &place, &source, looks(columns))?;
            Answer::Draft(revision, Box::new(judged))
        }
        Query::History {
            place,
            version,
            against,
        } => {
            let history = templates::history(db, &place, version, against)?;
            Answer::History(place, version, against, Box::new(history))
        }
    })
}

fn overview(db: &Connection, config: &Config, now: Timestamp) -> Result<Overview, StoreError> {
    let activity = |span: i64, count: i64| -> Result<Activity, StoreError> {
        // Whole spans, so that a bar does not change its height while it moves to the left.
        let end = (now.millis().div_euclid(span) + 1) * span;
        let since = Timestamp::from_millis(end - span * count);
        let count = usize::try_from(count).unwrap_or(0);
        let (requests, mails) = outbox::activity(db, since, span, count)?;
        let (sign_ins, refusals) = audit::activity(db, since, span, count)?;
        Ok(Activity {
            requests,
            mails,
            sign_ins,
            refusals,
        })
    };
    Ok(Overview {
        hour: activity(MINUTE, 60)?,
        day: activity(30 * MINUTE, 48)?,
        backlog: outbox::backlog(db)?,
        relays: outbox::relays(db, &config.smtp.urls)?,
        held_back: guesses::held_back(db, now)?,
        limited: config
            .limits
            .enabled
            .then(|| limits::held_back(db, now.before(Duration::from_hours(1))))
            .transpose()?,
        size: store::size(db)?,
        server: Err(String::new()),
    })
}

fn person(db: &Connection, id: AccountId, now: Timestamp) -> Result<Option<Person>, StoreError> {
    let Some(account) = accounts::by_id(db, id)? else {
        return Ok(None);
    };
    let business = match account.business_id {
        Some(id) => business::find(db, id)?,
        None => None,
    };
    let filter = audit::Filter {
        account: Some(id),
        ..audit::Filter::default()
    };
    let mut trail = audit::page(db, &filter, &Place::Start, NEWEST)?.rows;
    trail.truncate(NEWEST);
    Ok(Some(Person {
        business: business.map(|business| business.name),
        sessions: session::list(db, id, now)?,
        second_factor: totp::status(db, id)?,
        links: reset::of_account(db, id, NEWEST, now)?,
        mails: outbox::of_account(db, id, NEWEST)?,
        trail,
        account,
    }))
}
