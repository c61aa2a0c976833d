//! What the console can do, each as the command of the same purpose does it.

use super::form::NewLogin;
use crate::business::{BusinessId, Changes};
use crate::email::EmailAddress;
use crate::templates::{Mail, Part, Place};
use crate::token::Jti;

/// An act. It is carried out under the name of the system's user, and stands in the audit log.
#[derive(Clone, Debug)]
pub enum Act {
    /// Revokes a link.
    RevokeLink(Jti, EmailAddress),
    /// Mails another link in place of one.
    ResendLink(Jti, EmailAddress),
    /// Makes a link to be told by telephone.
    MakeLink(EmailAddress),
    /// Shuts a person out.
    Suspend(EmailAddress),
    /// Lets a person in again.
    Reactivate(EmailAddress),
    /// Requires a new password.
    RequireReset(EmailAddress),
    /// Ends all sessions of a person.
    EndSessions(EmailAddress),
    /// Switches a person's second factor off.
    TotpOff(EmailAddress),
    /// Has messages sent anew, or at once.
    Retry(Vec<i64>),
    /// Drops messages that wait.
    Cancel(Vec<i64>),
    /// Changes a location's settings, and gives it an account at a relay of its own.
    SetBusiness(BusinessId, Box<Changes>, Option<NewLogin>),
    /// Saves a template.
    SetTemplate {
        /// Where.
        place: Place,
        /// What.
        source: String,
        /// What was in force when it was begun: another's work is not replaced unseen.
        before: String,
    },
    /// Puts an earlier version of a template into force; 0 takes it back.
    RollBack(Place, i64),
    /// Sends a mail with sample values, and in place of one part a draft of it.
    SendTest(Mail, Option<(Part, String)>, EmailAddress),
}

impl Act {
    /// What is asked before it is done.
    pub fn question(&self) -> String {
        match self {
            Self::RevokeLink(_, email) => format!("Revoke the link of {email}?"),
            Self::ResendLink(_, email) => {
                format!("Mail {email} a new link? The old one ends.")
            }
            Self::MakeLink(email) => format!(
                "Make a link for {email}, to tell by telephone? Whoever has it can choose the \
                 account's password: be sure to whom you are talking."
            ),
            Self::Suspend(email) => {
                format!("Shut {email} out? Sessions and links end.")
            }
            Self::Reactivate(email) => format!("Let {email} sign in again?"),
            Self::RequireReset(email) => {
                format!("Require a new password of {email}? Sessions and links end.")
            }
            Self::EndSessions(email) => format!("End every session of {email}?"),
            Self::TotpOff(email) => format!(
                "Switch two-factor authentication off for {email}? They sign in with the password \
                 alone until they set it up anew."
            ),
            Self::Retry(ids) => format!(
                "Send {} anew, or at once? A dead link or code is replaced by a new one.",
                messages(ids.len())
            ),
            Self::Cancel(ids) => format!(
                "Cancel {}? What an earlier attempt delivered opens nothing any more.",
                messages(ids.len())
            ),
            Self::SetBusiness(id, ..) => format!("Change the settings of business {id}?"),
            Self::SetTemplate { place, .. } => format!("Save the {place}?"),
            Self::RollBack(place, 0) => {
                format!("Take the {place} back? The next one in the order stands in for it.")
            }
            Self::RollBack(place, version) => {
                format!("Put version {version} of the {place} into force again?")
            }
            Self::SendTest(mail, _, to) => format!("Send {to} a test of {}?", mail.kind),
        }
    }
}

/// So many messages, in words.
pub(super) fn messages(count: usize) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

/// What came of an act.
#[derive(Clone)]
pub enum Done {
    /// What to say about it.
    Said(String),
    /// A link, which opens a door: it is shown only when asked for. No `Debug`, so that it reaches no log.
    Link(EmailAddress, String),
    /// A template was saved: where, and the source that is in force now.
    Saved(Place, String, i64),
    /// It was not saved, because somebody else has saved this meanwhile.
    Overtaken(Place, String),
}
