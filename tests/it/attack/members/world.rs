//! The deployment in which the acts take place.

use std::cell::{Cell, RefCell};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use readmit::clock::Timestamp;
use readmit::email::EmailAddress;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::model::Model;
use super::{Act, Nth, PASSWORDS, Word};
use crate::support::app::{TestApp, USERS, email};
use crate::support::http::{Answer, Request};
use crate::support::smtp::Mail;
use crate::support::wait::wait_until;

/// One deployment for all sequences.
pub(super) struct World {
    app: TestApp,
    sql: Connection,
    members: Cell<u32>,
    /// The last message of the outbox whose end was waited for.
    settled: Cell<i64>,
}

/// A member with everything that was given to them, in the order of the model.
pub(super) struct Member<'a> {
    world: &'a World,
    address: String,
    links: Vec<String>,
    codes: Vec<String>,
    logins: Vec<String>,
    accesses: Vec<String>,
    refreshes: Vec<String>,
    /// What was done so far, for whoever reads a failure.
    past: RefCell<Vec<String>>,
}

impl World {
    pub(super) fn open() -> Self {
        let app = TestApp::start();
        app.add_business(7, "Canal House", "https://canal.test");
        let sql = app.sql();
        Self {
            app,
            sql,
            members: Cell::new(0),
            settled: Cell::new(0),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.app.now()
    }

    pub(super) fn newcomer(&self, password: Word) -> Member<'_> {
        self.members.set(self.members.get() + 1);
        let address = format!("p{}@example.com", self.members.get());
        self.app
            .add_person(&address, "Pat", Some(7), Some(PASSWORDS[password]));
        Member {
            world: self,
            address,
            links: Vec::new(),
            codes: Vec::new(),
            logins: Vec::new(),
            accesses: Vec::new(),
            refreshes: Vec::new(),
            past: RefCell::default(),
        }
    }

    /// Waits until every message has come to its end. Returns the mails among them.
    fn new_mails(&self) -> Vec<Mail> {
        let after = self.settled.get();
        let (sent, last) = wait_until("the outbox settles", || {
            let look = "SELECT count(*) FILTER (WHERE state IN ('queued', 'sending')), \
                        count(*) FILTER (WHERE state = 'sent'), coalesce(max(id), ?1) \
                        FROM outbox WHERE id > ?1";
            let row = self.sql.query_row(look, [after], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            });
            let (open, sent, last) = row.ok()?;
            (open == 0).then_some((sent, last))
        });
        self.settled.set(last);
        (0..sent).map(|_| self.app.smtp.next_mail()).collect()
    }
}

impl Member<'_> {
    /// Does it, unless there is nothing to do it with; fails if something else comes of it than the model
    /// says.
    pub(super) fn act(&mut self, model: &mut Model, act: &Act) {
        let at = self.world.now();
        let Some(expected) = model.apply(act) else {
            return;
        };
        self.past.borrow_mut().push(format!("{at} {act:?}"));
        let status = self.perform(act);
        let past = || self.past.borrow().join("\n");
        assert_eq!(status, expected.status, "{}\n{model:?}", past());
        let mails = match act {
            Act::AskForLink
            | Act::AskForCode
            | Act::Complete { .. }
            | Act::ChangePassword { .. } => self.world.new_mails(),
            _ => return,
        };
        assert_eq!(
            mails.len(),
            usize::from(expected.mail),
            "{}\n{model:?}",
            past()
        );
        for mail in &mails {
            assert_eq!(mail.recipients, [self.address.as_str()]);
            match act {
                Act::AskForLink => self.links.push(mail.token()),
                Act::AskForCode => {
                    self.codes.push(crate::codes::code(mail));
                    self.logins.push(mail.token());
                }
                _ => {}
            }
        }
    }

    fn perform(&mut self, act: &Act) -> u16 {
        let app = &self.world.app;
        let of = |nth: Nth, given: &[String]| {
            nth.of(given.len()).map(|n| given[n].clone()).expect("one")
        };
        match *act {
            Act::AskForLink => app.start_reset(&json!({ "email": self.address })).status,
            Act::Complete { link, password } => {
                let answer = app.complete(&of(link, &self.links), PASSWORDS[password]);
                self.take_login(&answer)
            }
            Act::AskForCode => {
                let target = format!("{USERS}/sendOtp?email={}&businessId=7", self.address);
                app.send(&Request::get(&target)).status
            }
            Act::Verify { code } => self.verify(&of(code, &self.codes)),
            Act::GuessCode => {
                let never_sent = (0..1_000_000)
                    .map(|n| format!("{n:06}"))
                    .find(|code| !self.codes.contains(code));
                self.verify(&never_sent.expect("a code"))
            }
            Act::Exchange { login } => {
                let answer = app.exchange(&of(login, &self.logins), "60");
                self.take_tokens(&answer, "token")
            }
            Act::SignIn { password } => {
                let answer = app.sign_in(&self.address, PASSWORDS[password]);
                self.take_tokens(&answer, "access_token")
            }
            Act::Refresh { token } => {
                let token = of(token, &self.refreshes);
                let form = [("grant_type", "refresh_token"), ("refresh_token", &token)];
                let answer = app.send(&Request::post("/api/token").form(&form));
                self.take_tokens(&answer, "access_token")
            }
            Act::LookIn { access } => {
                let request = Request::get("/api/userinfo").bearer(&of(access, &self.accesses));
                app.send(&request).status
            }
            Act::Carry { access } => {
                let request = Request::post(&format!("{USERS}/token/refresh"));
                let answer = app.send(&request.bearer(&of(access, &self.accesses)));
                self.take_login(&answer)
            }
            Act::ChangePassword {
                access,
                current,
                new,
            } => {
                let (current, new) = (PASSWORDS[current], PASSWORDS[new]);
                let body = json!({ "CurrentPassword": current, "NewPassword": new });
                let request = Request::post(&format!("{USERS}/changePassword")).json(&body);
                app.send(&request.bearer(&of(access, &self.accesses)))
                    .status
            }
            Act::SignOut { access } => {
                let access = of(access, &self.accesses);
                let target = format!("{USERS}/sessions/{}", session_of(&access));
                app.send(&Request::new("DELETE", &target).bearer(&access))
                    .status
            }
            Act::GiveUp { token } => {
                let form = [("token", of(token, &self.refreshes))];
                let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
                app.send(&Request::post("/api/token/revoke").form(&form))
                    .status
            }
            Act::Suspend => {
                self.administer(|admin, address| app.wait(admin.suspend(address, app.now())))
            }
            Act::LetIn => {
                self.administer(|admin, address| app.wait(admin.reactivate(address, app.now())))
            }
            Act::RequireReset => {
                self.administer(|admin, address| app.wait(admin.require_reset(address, app.now())))
            }
            Act::Wait(span) => {
                app.advance(span.length());
                200
            }
            Act::StepBack(span) => {
                app.clock.step_back(span.length());
                200
            }
        }
    }

    fn administer<E: std::fmt::Debug>(
        &self,
        act: impl FnOnce(&readmit::admin::Admin, EmailAddress) -> Result<(), E>,
    ) -> u16 {
        act(&self.world.app.admin(), email(&self.address)).expect("the act is done");
        200
    }

    fn verify(&mut self, code: &str) -> u16 {
        let body = json!({ "Email": self.address, "Otp": code, "BusinessId": 7 });
        let request = Request::post(&format!("{USERS}/verifyOtp")).json(&body);
        let answer = self.world.app.send(&request);
        self.take_login(&answer)
    }

    /// Keeps the login token of an answer, if it has one.
    fn take_login(&mut self, answer: &Answer) -> u16 {
        if let Some(token) = answer.json()["Value"].as_str() {
            self.logins.push(token.to_owned());
        }
        answer.status
    }

    /// Keeps the tokens of an answer, if it has any.
    fn take_tokens(&mut self, answer: &Answer, access: &str) -> u16 {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        if let Some((access, refresh)) = text(access).zip(text("refresh_token")) {
            self.accesses.push(access);
            self.refreshes.push(refresh);
        }
        answer.status
    }
}

fn session_of(access: &str) -> String {
    let claims = access.split('.').nth(1).expect("three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("claims");
    claims["sid"].as_str().expect("a session").to_owned()
}
