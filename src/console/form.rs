//! The settings of a location, as a form: each is judged while it is typed.

mod setting;

use ratatui_textarea::TextArea;
use secrecy::SecretString;

use self::setting::Setting;
use super::view;
use crate::business::{
    self, Business, BusinessId, Changes, Colour, OwnRelay, OwnRelayError, Rules,
};
use crate::config::{RelayUrl, RelayUrlError};

/// An account at a relay that the location is to get; its password is sealed before it is stored.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// Who takes the mail.
    pub url: RelayUrl,
    /// The account's name.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

/// What is to become of the location's own relay.
enum RelayChange {
    Stays,
    Becomes(Option<OwnRelay>),
    WithLogin(NewLogin),
}

/// See the module.
pub struct Form {
    business: Business,
    rules: Rules,
    inputs: Vec<TextArea<'static>>,
    pub(super) selected: usize,
    /// Whether it is left by the next Esc, whatever was typed.
    pub(super) leaving: bool,
}

/// A line of the form, to be drawn.
pub(super) struct Field<'a> {
    pub(super) label: &'static str,
    pub(super) input: &'a TextArea<'static>,
    /// What stands there while it is not the one that is typed in.
    pub(super) shown: String,
    /// What an empty one means.
    pub(super) hint: &'static str,
    /// What is wrong with it.
    pub(super) wrong: Option<String>,
}

impl Form {
    /// The settings as they are.
    pub(super) fn new(business: Business, rules: Rules) -> Self {
        let inputs = Setting::ALL
            .into_iter()
            .map(|setting| {
                let mut input = view::line(&setting.text(&business));
                if setting == Setting::RelayPassword {
                    input.set_mask_char('*');
                }
                input
            })
            .collect();
        Self {
            business,
            rules,
            inputs,
            selected: 0,
            leaving: false,
        }
    }

    pub(super) fn id(&self) -> BusinessId {
        self.business.id
    }

    /// What was typed for a setting.
    fn typed(&self, setting: Setting) -> String {
        let place = Setting::ALL.iter().position(|it| *it == setting);
        let input = place.and_then(|place| self.inputs.get(place));
        input.map(typed).unwrap_or_default()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let relay = self.relay().err();
        Setting::ALL
            .into_iter()
            .zip(&self.inputs)
            .map(move |(setting, input)| {
                let text = typed(input);
                let changed = text != setting.text(&self.business);
                let judged = setting.put(&text, self.rules, &mut Changes::default());
                let of_relay = relay.as_ref().filter(|(place, _)| *place == setting);
                let mask = setting == Setting::RelayPassword;
                Field {
                    label: setting.label(),
                    input,
                    shown: if mask {
                        "*".repeat(text.chars().count())
                    } else {
                        text
                    },
                    hint: setting.hint(),
                    wrong: judged
                        .err()
                        .filter(|_| changed)
                        .or_else(|| of_relay.map(|(_, why)| why.clone())),
                }
            })
    }

    /// The colour that was typed, if it is one.
    pub(super) fn colour(&self) -> Option<Colour> {
        Colour::parse(&self.typed(Setting::Colour)).ok()
    }

    pub(super) fn is_changed(&self) -> bool {
        let mut both = Setting::ALL.into_iter().zip(&self.inputs);
        both.any(|(setting, input)| typed(input) != setting.text(&self.business))
    }

    pub(super) fn step(&mut self, by: isize) {
        let last = self.inputs.len() - 1;
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    pub(super) fn type_in(&mut self, act: impl FnOnce(&mut TextArea<'static>)) {
        if let Some(input) = self.inputs.get_mut(self.selected) {
            act(input);
        }
    }

    /// What is to be changed: none if all is as it was; or what is wrong, and where.
    pub(super) fn changes(&self) -> Result<Option<(Changes, Option<NewLogin>)>, String> {
        if !self.is_changed() {
            return Ok(None);
        }
        let mut changes = Changes::default();
        for (setting, input) in Setting::ALL.into_iter().zip(&self.inputs) {
            let text = typed(input);
            if text != setting.text(&self.business) {
                let put = setting.put(&text, self.rules, &mut changes);
                put.map_err(|why| format!("{}: {why}", setting.label()))?;
            }
        }
        let relay = self.relay();
        let login = match relay.map_err(|(place, why)| format!("{}: {why}", place.label()))? {
            RelayChange::Stays => None,
            RelayChange::Becomes(relay) => {
                changes.smtp = Some(relay);
                None
            }
            RelayChange::WithLogin(login) => Some(login),
        };
        Ok(Some((changes, login)))
    }

    /// What was typed about the relay, or what is wrong with it, and where.
    fn relay(&self) -> Result<RelayChange, (Setting, String)> {
        let three = [Setting::Relay, Setting::RelayUser, Setting::RelayPassword];
        let [url, username, password] = three.map(|setting| self.typed(setting));
        if three.map(|setting| setting.text(&self.business)) == [&*url, &*username, &*password] {
            return Ok(RelayChange::Stays);
        }
        if url.is_empty() {
            return if username.is_empty() && password.is_empty() {
                Ok(RelayChange::Becomes(None))
            } else {
                let why =
                    "without a relay there is no account at it; empty this line too".to_owned();
                Err((Setting::RelayUser, why))
            };
        }
        let url: RelayUrl = url.parse().map_err(|error| {
            let why = match error {
                RelayUrlError::Credentials => {
                    "it must not hold a user or password; they have lines of their own".to_owned()
                }
                other => format!("it {other}"),
            };
            (Setting::Relay, why)
        })?;
        if username.is_empty() {
            return if password.is_empty() {
                Ok(RelayChange::Becomes(Some(OwnRelay { url, login: None })))
            } else {
                Err((Setting::RelayUser, "whose password is it?".to_owned()))
            };
        }
        let username =
            business::name(&username).map_err(|why| (Setting::RelayUser, why.to_string()))?;
        if password.is_empty() {
            let why = "type it anew: the stored one opens for that relay and user only".to_owned();
            return Err((Setting::RelayPassword, why));
        }
        if !url.is_private() {
            return Err((Setting::Relay, OwnRelayError::InTheClear.to_string()));
        }
        Ok(RelayChange::WithLogin(NewLogin {
            url,
            username,
            password: SecretString::from(password),
        }))
    }
}

fn typed(input: &TextArea<'static>) -> String {
    input.lines().concat().trim().to_owned()
}
