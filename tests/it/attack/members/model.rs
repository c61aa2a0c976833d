//! What must come of an act: the rules of the contract, about one member, without any of the machinery.

use std::time::Duration;

use readmit::clock::Timestamp;

use super::{Act, Nth, Thing, WEAK, Word};

const LINK_TTL: Duration = Duration::from_hours(1);
const CODE_TTL: Duration = Duration::from_mins(10);
const LOGIN_TTL: Duration = Duration::from_mins(5);
const CARRY_TTL: Duration = Duration::from_mins(1);
const ACCESS_TTL: Duration = Duration::from_hours(1);
const SESSION_TTL: Duration = Duration::from_hours(15 * 24);
const GRACE: Duration = Duration::from_secs(10);
const COOLDOWN: Duration = Duration::from_mins(1);
const MOST_LINKS: usize = 3;
const MOST_CODES: usize = 3;
const MOST_TRIES: u32 = 5;

/// What an act is answered with, and whether a mail follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) status: u16,
    pub(super) mail: bool,
}

const fn answer(status: u16) -> Expected {
    Expected {
        status,
        mail: false,
    }
}

/// A link or a login token.
#[derive(Debug)]
struct OneTime {
    issued_at: Timestamp,
    expires_at: Timestamp,
    over: bool,
}

impl OneTime {
    fn new(now: Timestamp, ttl: Duration) -> Self {
        Self {
            issued_at: now,
            expires_at: now.after(ttl),
            over: false,
        }
    }

    fn stands(&self, now: Timestamp) -> bool {
        !self.over && self.expires_at > now
    }

    /// Whether it keeps others from being sent. One of a clock that was ahead does not.
    fn counts(&self, now: Timestamp) -> bool {
        self.stands(now) && self.issued_at <= now
    }
}

#[derive(Debug)]
struct Code {
    token: OneTime,
    tries: u32,
    /// The token of the magic link in the same mail.
    login: usize,
}

#[derive(Debug)]
struct Session {
    ends_at: Timestamp,
    over: bool,
}

#[derive(Debug)]
struct Access {
    session: usize,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct Refresh {
    session: usize,
    used_at: Option<Timestamp>,
    /// The one that it was given for.
    parent: Option<usize>,
    forgotten: bool,
}

/// A member, and everything that was ever given to them.
#[derive(Debug)]
pub(super) struct Model {
    now: Timestamp,
    password: Word,
    suspended: bool,
    must_reset: bool,
    links: Vec<OneTime>,
    codes: Vec<Code>,
    logins: Vec<OneTime>,
    sessions: Vec<Session>,
    accesses: Vec<Access>,
    refreshes: Vec<Refresh>,
    asked_for_code_at: Option<Timestamp>,
    wrong_guesses: u32,
    next_guess_at: Timestamp,
}

impl Model {
    pub(super) fn new(password: Word, now: Timestamp) -> Self {
        Self {
            now,
            password,
            suspended: false,
            must_reset: false,
            links: Vec::new(),
            codes: Vec::new(),
            logins: Vec::new(),
            sessions: Vec::new(),
            accesses: Vec::new(),
            refreshes: Vec::new(),
            asked_for_code_at: None,
            wrong_guesses: 0,
            next_guess_at: Timestamp::default(),
        }
    }

    /// What comes of the act; nothing if there is nothing to do it with.
    pub(super) fn apply(&mut self, act: &Act) -> Option<Expected> {
        Some(match *act {
            Act::AskForLink => self.ask_for_link(),
            Act::Complete { link, password } => {
                let link = link.of(self.links.len())?;
                self.complete(link, password)
            }
            Act::AskForCode => self.ask_for_code(),
            Act::Verify { code } => {
                let code = code.of(self.codes.len())?;
                self.verify(Some(code))
            }
            Act::GuessCode => self.verify(None),
            Act::Exchange { login } => {
                let login = login.of(self.logins.len())?;
                self.exchange(login)
            }
            Act::SignIn { password } => self.sign_in(password),
            Act::Refresh { token } => {
                let token = token.of(self.refreshes.len())?;
                self.refresh(token)
            }
            Act::LookIn { access } => self.signed_in(access)?.map_or(answer(401), |_| answer(200)),
            Act::Carry { access } => match self.signed_in(access)? {
                Some(_) => {
                    self.logins.push(OneTime::new(self.now, CARRY_TTL));
                    answer(200)
                }
                None => answer(401),
            },
            Act::ChangePassword {
                access,
                current,
                new,
            } => match self.signed_in(access)? {
                Some(session) => self.change_password(session, current, new),
                None => answer(401),
            },
            Act::SignOut { access } => match self.signed_in(access)? {
                Some(session) => {
                    self.end_session(session);
                    answer(200)
                }
                None => answer(401),
            },
            Act::GiveUp { token } => {
                let token = token.of(self.refreshes.len())?;
                if !self.refreshes[token].forgotten {
                    self.end_session(self.refreshes[token].session);
                }
                answer(200)
            }
            Act::Suspend => self.shut_out(true, self.must_reset),
            Act::LetIn => {
                self.suspended = false;
                answer(200)
            }
            Act::RequireReset => self.shut_out(self.suspended, true),
            Act::Wait(span) => {
                self.now = self.now.after(span.length());
                answer(200)
            }
            Act::StepBack(span) => {
                self.now = self.now.before(span.length());
                answer(200)
            }
        })
    }

    fn ask_for_link(&mut self) -> Expected {
        let standing = || self.links.iter().filter(|link| link.counts(self.now));
        let too_soon = standing().any(|link| link.issued_at > self.now.before(COOLDOWN));
        let mail = !self.suspended && !too_soon && standing().count() < MOST_LINKS;
        if mail {
            self.links.push(OneTime::new(self.now, LINK_TTL));
        }
        Expected { status: 200, mail }
    }

    fn complete(&mut self, link: usize, password: Word) -> Expected {
        if self.suspended || !self.links[link].stands(self.now) || password == WEAK {
            return answer(400);
        }
        self.end_everything(None);
        self.password = password;
        self.must_reset = false;
        self.logins.push(OneTime::new(self.now, LOGIN_TTL));
        Expected {
            status: 200,
            mail: true,
        }
    }

    fn ask_for_code(&mut self) -> Expected {
        let just_before = |at: Timestamp| at <= self.now && at > self.now.before(COOLDOWN);
        if self.asked_for_code_at.is_some_and(just_before) {
            return answer(429);
        }
        self.asked_for_code_at = Some(self.now);
        let counts = |code: &&Code| code.token.counts(self.now) && code.tries < MOST_TRIES;
        let standing = self.codes.iter().filter(counts);
        let mail = !self.suspended && !self.must_reset && standing.count() < MOST_CODES;
        if mail {
            self.codes.push(Code {
                token: OneTime::new(self.now, CODE_TTL),
                tries: 0,
                login: self.logins.len(),
            });
            self.logins.push(OneTime::new(self.now, CODE_TTL));
        }
        Expected { status: 200, mail }
    }

    /// A try with this code, or with one that is none.
    fn verify(&mut self, given: Option<usize>) -> Expected {
        if self.must_wait() {
            return answer(429);
        }
        self.count_guess();
        let mut right = None;
        for (n, code) in self.codes.iter_mut().enumerate() {
            if !self.suspended && code.can_be_tried(self.now) {
                code.tries += 1;
                right = right.or((given == Some(n)).then_some(n));
            }
        }
        let Some(right) = right else {
            return answer(400);
        };
        self.wrong_guesses = 0;
        self.codes[right].token.over = true;
        let link = self.codes[right].login;
        self.logins[link].over = true;
        self.logins.push(OneTime::new(self.now, LOGIN_TTL));
        answer(200)
    }

    fn exchange(&mut self, login: usize) -> Expected {
        if !self.may_come_in() || !self.logins[login].stands(self.now) {
            return answer(401);
        }
        self.logins[login].over = true;
        for code in self.codes.iter_mut().filter(|code| code.login == login) {
            code.token.over = true;
        }
        self.open_session();
        answer(200)
    }

    fn sign_in(&mut self, password: Word) -> Expected {
        if self.must_wait() {
            return answer(429);
        }
        if password != self.password || self.suspended {
            self.count_guess();
            return answer(400);
        }
        if self.must_reset {
            return answer(400);
        }
        self.wrong_guesses = 0;
        self.open_session();
        answer(200)
    }

    fn refresh(&mut self, token: usize) -> Expected {
        let session = self.refreshes[token].session;
        if self.refreshes[token].forgotten || !self.may_come_in() || !self.is_open(session) {
            return answer(400);
        }
        if let Some(used_at) = self.refreshes[token].used_at {
            let in_grace = used_at <= self.now && self.now.since(used_at) < GRACE;
            let children = || {
                self.refreshes
                    .iter()
                    .filter(|other| other.parent == Some(token))
            };
            if !in_grace || children().any(|child| child.used_at.is_some()) {
                self.end_session(session);
                return answer(400);
            }
            for child in self
                .refreshes
                .iter_mut()
                .filter(|other| other.parent == Some(token))
            {
                child.forgotten = true;
            }
        }
        self.refreshes[token].used_at.get_or_insert(self.now);
        self.give_tokens(session, Some(token));
        answer(200)
    }

    fn change_password(&mut self, session: usize, current: Word, new: Word) -> Expected {
        if self.must_wait() {
            return answer(429);
        }
        if current != self.password {
            self.count_guess();
            return answer(400);
        }
        if new == WEAK {
            return answer(400);
        }
        self.end_everything(Some(session));
        self.password = new;
        self.wrong_guesses = 0;
        Expected {
            status: 200,
            mail: true,
        }
    }

    fn shut_out(&mut self, suspended: bool, must_reset: bool) -> Expected {
        (self.suspended, self.must_reset) = (suspended, must_reset);
        self.end_everything(None);
        answer(200)
    }

    /// The session of an access token that is good; none if it is not.
    #[expect(
        clippy::option_option,
        reason = "no token and no good one are two things"
    )]
    fn signed_in(&self, access: Nth) -> Option<Option<usize>> {
        let access = &self.accesses[access.of(self.accesses.len())?];
        let good = access.expires_at > self.now && self.is_open(access.session);
        Some((good && self.may_come_in()).then_some(access.session))
    }

    fn may_come_in(&self) -> bool {
        !self.suspended && !self.must_reset
    }

    fn is_open(&self, session: usize) -> bool {
        !self.sessions[session].over && self.sessions[session].ends_at > self.now
    }

    fn open_session(&mut self) {
        self.sessions.push(Session {
            ends_at: self.now.after(SESSION_TTL),
            over: false,
        });
        self.give_tokens(self.sessions.len() - 1, None);
    }

    fn give_tokens(&mut self, session: usize, parent: Option<usize>) {
        self.accesses.push(Access {
            session,
            expires_at: self.now.after(ACCESS_TTL),
        });
        self.refreshes.push(Refresh {
            session,
            used_at: None,
            parent,
            forgotten: false,
        });
    }

    fn end_session(&mut self, session: usize) {
        self.sessions[session].over = true;
    }

    /// Everything that was given before is worth nothing any more, but for the tokens of one session.
    fn end_everything(&mut self, but: Option<usize>) {
        let one_time = self.links.iter_mut().chain(&mut self.logins);
        for token in one_time.chain(self.codes.iter_mut().map(|code| &mut code.token)) {
            token.over = true;
        }
        for (n, session) in self.sessions.iter_mut().enumerate() {
            session.over |= but != Some(n);
        }
    }

    fn must_wait(&self) -> bool {
        let wait = self.next_guess_at.since(self.now);
        self.wrong_guesses > 0 && !wait.is_zero() && wait <= Duration::from_mins(15)
    }

    fn count_guess(&mut self) {
        let quiet_since = self.now.before(Duration::from_hours(24));
        if self.next_guess_at < quiet_since {
            self.wrong_guesses = 0;
        }
        self.wrong_guesses += 1;
        let wait = match self.wrong_guesses {
            ..=4 => Duration::ZERO,
            over => Duration::from_secs(1 << (over - 5).min(20)).min(Duration::from_mins(15)),
        };
        self.next_guess_at = self.now.after(wait);
    }

    /// How many things of each kind there are.
    pub(super) fn count(&self, thing: Thing) -> usize {
        match thing {
            Thing::Access => self.accesses.len(),
            Thing::Login => self.logins.len(),
            Thing::Refresh => self.refreshes.len(),
            Thing::Link => self.links.len(),
        }
    }

    /// The act that tries a thing once more.
    pub(super) fn once_more(&self, thing: Thing, at: usize) -> Act {
        let nth = Nth(u8::try_from(self.count(thing) - 1 - at).unwrap_or(u8::MAX));
        match thing {
            Thing::Access => Act::LookIn { access: nth },
            Thing::Login => Act::Exchange { login: nth },
            Thing::Refresh => Act::Refresh { token: nth },
            Thing::Link => Act::Complete {
                link: nth,
                password: self.password,
            },
        }
    }
}

impl Code {
    fn can_be_tried(&self, now: Timestamp) -> bool {
        self.token.stands(now) && self.tries < MOST_TRIES
    }
}
