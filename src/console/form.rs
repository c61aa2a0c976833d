//! The settings of a location, as a form: each is judged while it is typed.

use ratatui_textarea::TextArea;

use super::view;
use crate::business::{self, Business, BusinessId, Changes, Colour, LinkPattern, PortalUrl};
use crate::email::EmailAddress;
use crate::locale::Locale;

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Name,
    PortalUrl,
    SenderName,
    SenderAddress,
    ReplyTo,
    Colour,
    LogoUrl,
    ResetLink,
    MagicLink,
    Locale,
}

impl Setting {
    const ALL: [Self; 10] = [
        Self::Name,
        Self::PortalUrl,
        Self::SenderName,
        Self::SenderAddress,
        Self::ReplyTo,
        Self::Colour,
        Self::LogoUrl,
        Self::ResetLink,
        Self::MagicLink,
        Self::Locale,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::PortalUrl => "portal URL",
            Self::SenderName => "sender name",
            Self::SenderAddress => "sender address",
            Self::ReplyTo => "reply to",
            Self::Colour => "colour",
            Self::LogoUrl => "logo URL",
            Self::ResetLink => "reset link",
            Self::MagicLink => "magic link",
            Self::Locale => "locale",
        }
    }

    fn text(self, business: &Business) -> String {
        fn text(value: Option<&impl ToString>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        match self {
            Self::Name => business.name.clone(),
            Self::PortalUrl => text(business.portal_url.as_ref().map(PortalUrl::as_str).as_ref()),
            Self::SenderName => text(business.sender_name.as_ref()),
            Self::SenderAddress => text(business.sender_address.as_ref()),
            Self::ReplyTo => text(business.reply_to.as_ref()),
            Self::Colour => text(business.colour.as_ref()),
            Self::LogoUrl => text(business.logo_url.as_ref()),
            Self::ResetLink => text(
                business
                    .reset_link
                    .as_ref()
                    .map(LinkPattern::as_str)
                    .as_ref(),
            ),
            Self::MagicLink => text(
                business
                    .magic_link
                    .as_ref()
                    .map(LinkPattern::as_str)
                    .as_ref(),
            ),
            Self::Locale => text(business.locale.as_ref()),
        }
    }

    /// Puts what was typed into the changes, or says what is wrong with it. An empty text clears a setting.
    fn put(self, text: &str, changes: &mut Changes) -> Result<(), String> {
        #[expect(clippy::option_option, reason = "a setting that is cleared is none")]
        fn maybe<T, E: ToString>(
            text: &str,
            parse: impl FnOnce(&str) -> Result<T, E>,
        ) -> Result<Option<Option<T>>, String> {
            if text.is_empty() {
                return Ok(Some(None));
            }
            parse(text)
                .map(|value| Some(Some(value)))
                .map_err(|error| error.to_string())
        }
        let line = |text: &str| {
            if text.chars().any(char::is_control) {
                Err("one line, without control characters")
            } else {
                Ok(text.to_owned())
            }
        };
        match self {
            Self::Name if text.is_empty() => return Err("a location needs a name".to_owned()),
            Self::Name => changes.name = Some(line(text)?),
            Self::PortalUrl => changes.portal_url = maybe(text, PortalUrl::parse)?,
            Self::SenderName => changes.sender_name = maybe(text, line)?,
            Self::SenderAddress => changes.sender_address = maybe(text, EmailAddress::parse)?,
            Self::ReplyTo => changes.reply_to = maybe(text, EmailAddress::parse)?,
            Self::Colour => changes.colour = maybe(text, Colour::parse)?,
            Self::LogoUrl => changes.logo_url = maybe(text, business::web_address)?,
            Self::ResetLink => changes.reset_link = maybe(text, LinkPattern::parse)?,
            Self::MagicLink => changes.magic_link = maybe(text, LinkPattern::parse)?,
            Self::Locale => changes.locale = maybe(text, str::parse::<Locale>)?,
        }
        Ok(())
    }
}

/// See the module.
pub struct Form {
    business: Business,
    inputs: Vec<TextArea<'static>>,
    pub(super) selected: usize,
    /// Whether it is left by the next Esc, whatever was typed.
    pub(super) leaving: bool,
}

/// A line of the form, to be drawn.
pub(super) struct Field<'a> {
    pub(super) label: &'static str,
    pub(super) input: &'a TextArea<'static>,
    /// What is wrong with it.
    pub(super) wrong: Option<String>,
}

impl Form {
    /// The settings as they are.
    pub(super) fn new(business: Business) -> Self {
        let inputs = Setting::ALL
            .into_iter()
            .map(|setting| view::line(&setting.text(&business)))
            .collect();
        Self {
            business,
            inputs,
            selected: 0,
            leaving: false,
        }
    }

    pub(super) fn id(&self) -> BusinessId {
        self.business.id
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        Setting::ALL
            .into_iter()
            .zip(&self.inputs)
            .map(|(setting, input)| {
                let text = typed(input);
                let changed = text != setting.text(&self.business);
                let judged = setting.put(&text, &mut Changes::default());
                Field {
                    label: setting.label(),
                    input,
                    wrong: judged.err().filter(|_| changed),
                }
            })
    }

    /// The colour that was typed, if it is one.
    pub(super) fn colour(&self) -> Option<Colour> {
        let place = Setting::ALL.iter().position(|it| *it == Setting::Colour)?;
        Colour::parse(&typed(self.inputs.get(place)?)).ok()
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
    pub(super) fn changes(&self) -> Result<Option<Changes>, String> {
        if !self.is_changed() {
            return Ok(None);
        }
        let mut changes = Changes::default();
        for (setting, input) in Setting::ALL.into_iter().zip(&self.inputs) {
            let text = typed(input);
            if text != setting.text(&self.business) {
                let put = setting.put(&text, &mut changes);
                put.map_err(|why| format!("{}: {why}", setting.label()))?;
            }
        }
        Ok(Some(changes))
    }
}

fn typed(input: &TextArea<'static>) -> String {
    input.lines().concat().trim().to_owned()
}
