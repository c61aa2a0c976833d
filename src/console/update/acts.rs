//! Which act a command means here. Each is asked about first.

use super::{Effect, Model, Overlay};
use crate::console::act::Act;
use crate::console::keys::Command;
use crate::console::model::{Open, Tab};
use crate::outbox::State;

/// Asks about the act that the command means, if there is something to do it to.
pub(super) fn act_on(model: &mut Model, command: Command) -> Vec<Effect> {
    if model.read_only {
        return Vec::new();
    }
    match find(model, command) {
        Ok(act) => model.overlay = Some(Overlay::Confirm(act)),
        Err(why) => model.complain(why),
    }
    Vec::new()
}

fn find(model: &Model, command: Command) -> Result<Act, String> {
    let on_links = model.open.is_none() && model.tab == Tab::Links;
    if on_links {
        let row = model.links.current().ok_or("there is no link here")?;
        let link = &row.link;
        return match command {
            Command::Revoke if link.state != "pending" => {
                Err(format!("the link is {} already", link.state))
            }
            Command::Revoke => Ok(Act::RevokeLink(link.jti.clone(), link.email.clone())),
            Command::Resend => Ok(Act::ResendLink(link.jti.clone(), link.email.clone())),
            Command::MakeLink => Ok(Act::MakeLink(link.email.clone())),
            _ => Err("there is nothing to do that to here".to_owned()),
        };
    }
    if let Some(Open::History(versions)) = &model.open {
        return Ok(Act::RollBack(versions.place.clone(), versions.selected));
    }
    if matches!(command, Command::Retry | Command::Cancel) {
        let states: &[State] = match command {
            Command::Retry => &[State::Dead, State::Queued],
            _ => &[State::Queued],
        };
        let ids = messages(model, states)?;
        return Ok(match command {
            Command::Retry => Act::Retry(ids),
            _ => Act::Cancel(ids),
        });
    }
    let person = model.person().ok_or("nobody is selected")?;
    let email = person.email.clone();
    match command {
        Command::Suspend if person.suspended_at.is_some() => Ok(Act::Reactivate(email)),
        Command::Suspend => Ok(Act::Suspend(email)),
        Command::RequireReset => Ok(Act::RequireReset(email)),
        Command::EndSessions => Ok(Act::EndSessions(email)),
        Command::TotpOff => Ok(Act::TotpOff(email)),
        Command::MakeLink => Ok(Act::MakeLink(email)),
        _ => Err("there is nothing to do that to here".to_owned()),
    }
}

/// The marked messages; without marks, the one that is shown or selected, if it is in one of these states.
fn messages(model: &Model, states: &[State]) -> Result<Vec<i64>, String> {
    if model.open.is_none() && !model.marked.is_empty() {
        return Ok(model.marked.iter().copied().collect());
    }
    let message = match &model.open {
        Some(Open::Message(shown)) => Some(&shown.message),
        Some(Open::Person(_) | Open::History(_)) => None,
        None => model.outbox.current(),
    };
    let message = message.ok_or("there is no message here")?;
    if states.contains(&message.state) {
        Ok(vec![message.id])
    } else {
        Err(format!("message {} is {}", message.id, message.state))
    }
}
