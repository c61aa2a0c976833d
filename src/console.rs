//! The console: an administrator's whole day in one terminal.
//!
//! It stands beside the server rather than on it: another process on the same database and keys, which
//! works whether the server runs or not, and needs no password of its own.
//!
//! [`Model`] is everything that it knows. [`update`] takes a [`Message`] in - a key, an answer, a tick -
//! and returns what is to be done outside as [`Effect`]s; [`view`] draws the model. Both are pure, so that a
//! test presses keys and looks at the buffer. `keys` is the table of what each key means, from which the
//! help and the palette are made; `effects` reads and acts through the domains' own functions; `run` waits
//! for whatever comes first.
//!
//! Architecture invariants:
//!
//! - It has no SQL and no rule of its own: an act is the same function that the command of that purpose calls,
//!   and stands in the audit log under the system user's name.
//! - It holds no transaction while it draws or waits, so that neither a slow terminal nor a console that was
//!   stopped holds anything up.
//! - It can set off a change of password, never choose one, and shows no secret that it was not asked for.

mod act;
mod editor;
mod effects;
mod form;
mod keys;
mod list;
mod model;
mod outside;
mod palette;
mod query;
mod run;
mod terminal;
mod theme;
mod tree;
mod update;
mod versions;
mod view;

pub use self::act::{Act, Done};
pub use self::editor::Editor;
pub use self::effects::Hands;
pub use self::form::{Form, NewLogin};
pub use self::keys::{Binding, Command, Key, Scope};
pub use self::list::{List, Row};
pub use self::model::{Model, Notice, Open, Overlay, Question, Tab};
pub use self::query::{
    Activity, Against, Answer, History, Judged, Overview, Person, Preview, Query, Template,
};
pub use self::run::{Ended, run};
pub use self::theme::{Theme, ThemeName};
pub use self::tree::{Branch, Node, Tree};
pub use self::update::{Effect, Message, start, update};
pub use self::versions::Versions;
pub use self::view::view;
