//! readmit lets people back in: password reset, one-time codes, magic links and sign-in for every
//! location of a business, from one binary with SQLite inside.
//!
//! # The main job
//!
//! 1. A portal posts `startPasswordReset`. The handler stores a *request* in the outbox
//!    ([`reset::Resets::request`]) and answers once it is on disk. It looks at no account.
//! 2. The outbox worker ([`outbox::worker`]) claims the request. In the same transaction
//!    [`reset::compose`] finds the account and mints a token's *row*; outside of it the mail is
//!    rendered, its link's JWT signed, and the letter handed to the relay.
//! 3. The portal posts `completePasswordReset` ([`reset::Resets::complete`]): one transaction uses
//!    the token up, replaces the password, ends everything older and queues a notice.
//! 4. The one-time login token in the answer is exchanged for a session
//!    ([`session::Sessions::exchange`]); from then on the member signs in with the new password
//!    ([`session::Sessions::sign_in`]).
//!
//! # Code map
//!
//! Modules stand in layers; arrows point down only.
//!
//! | layer | modules |
//! | --- | --- |
//! | edges | [`cli`]: commands; [`console`]: the terminal application; [`http`]: routes, envelope, handlers; [`server`]: start and stop; [`editor`]: texts in somebody's own editor |
//! | wiring | [`app`]: the parts of one deployment; [`health`]: whether they do their work |
//! | acts | [`reset`], [`otp`], [`session`], [`totp`]: what members do; [`admin`]: what administrators do |
//! | mail | [`mailing`]: whose brand a mail wears, and the notices |
//! | things | [`business`], [`accounts`], [`password`], [`token`], [`templates`], [`outbox`], [`audit`], [`limits`], [`guesses`], [`load`]: how much at once |
//! | secrets | [`key_folder`]: files that are ours alone; [`vault`]: sealing, and codes; [`dkim`]: signatures on mail |
//! | storage | [`store`]: one writer that commits in groups, threads that read, migrations |
//! | ground | [`config`], [`clock`], [`entropy`], [`email`], [`key_folder`], [`locale`], [`text`] |
//!
//! SQL stands in the `sql.rs` beside its domain, as functions over a connection or a [`store::Tx`].
//! Built-in mail templates are in `assets/mail/`, what the hosted pages (`http/pages.rs`) are made of in
//! `assets/pages/`, the schema in `migrations/`, the documented defaults of the configuration in
//! `config.example.toml`, which is compiled in.
//!
//! # Invariants
//!
//! - **An answer of 200 means: on disk.** [`store::Store::write`] returns after the sync of the commit
//!   that holds the job, and an error otherwise; there is no third case.
//! - **The intake never looks.** Between `startPasswordReset`'s parser and its answer stands one
//!   INSERT whose content comes from the request alone.
//! - **What belongs together commits together.** Functions that change state take a [`store::Tx`];
//!   a mail about a change is queued in the change's own transaction.
//! - **No transaction spans SMTP or Argon2.** Work of that kind stands between two jobs: claim with a
//!   lease, work, mark.
//! - **A claim is a lease.** An attempt ends with an outcome that the lease's holder writes, or it counts
//!   as a crash of its message. Nobody changes a message that is another's by now.
//! - **Whose fault a failure is decides what it costs.** What is the relay's holds the queue
//!   ([`outbox::breaker`]) and ends no message; what is the letter's ends or delays that one only
//!   ([`outbox::schedule`]).
//! - **One-time means one conditional UPDATE and a row count**, under conditions that include the
//!   account's credential version and status.
//! - **Nothing at rest opens a door.** Rows hold a token's id; its signature exists in the mail only.
//!   Refresh tokens are stored as SHA-256, TOTP secrets sealed. Keys live in a folder of their own.
//! - **Mail goes to the stored address**, and its links lead where the business's settings say. No
//!   byte of a request's headers reaches a mail.
//! - **Time and randomness are values.** Domain functions take `now`; [`clock`] and [`entropy`] are
//!   the only places that ask the system, and a lint bans it elsewhere.
//! - **Opening a page changes nothing.** Whatever a GET or HEAD of a hosted page is given, only a form
//!   that carries its browser's own token acts.
//! - **Domain modules know no HTTP and no command line.** Their errors are small enums; the edges turn
//!   them into statuses and sentences.

pub mod accounts;
pub mod admin;
pub mod app;
pub mod audit;
pub mod business;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod dkim;
pub mod editor;
pub mod email;
pub mod entropy;
pub mod guesses;
pub mod health;
pub mod http;
pub mod key_folder;
pub mod limits;
pub mod load;
pub mod locale;
pub mod mailing;
pub mod otp;
pub mod outbox;
pub mod password;
pub mod reset;
pub mod server;
pub mod session;
pub mod store;
pub mod templates;
pub mod text;
pub mod token;
pub mod totp;
pub mod vault;
