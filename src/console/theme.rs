//! Colours. Nothing is said by colour alone.

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};

/// Which colours to draw in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeName {
    /// For a dark background
    Dark,
    /// For a light background
    Light,
    /// The terminal's own sixteen colours
    Sixteen,
    /// None: bold, reverse and underline only
    Plain,
}

/// The styles of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Its name.
    pub name: ThemeName,
    /// Titles and the tab that is open.
    pub accent: Style,
    /// What is less important.
    pub dim: Style,
    /// What went well.
    pub good: Style,
    /// What deserves a look.
    pub warn: Style,
    /// What went wrong.
    pub bad: Style,
    /// The selected row.
    pub selected: Style,
    /// The heads of columns.
    pub head: Style,
}

impl Theme {
    /// The theme of that name.
    pub fn new(name: ThemeName) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let colours = |accent, dim, good, warn, bad, row: Style| Self {
            name,
            accent: bold.fg(accent),
            dim: plain.fg(dim),
            good: plain.fg(good),
            warn: plain.fg(warn),
            bad: bold.fg(bad),
            selected: row,
            head: bold.fg(dim),
        };
        match name {
            ThemeName::Dark => colours(
                Color::Indexed(117),
                Color::Indexed(246),
                Color::Indexed(114),
                Color::Indexed(221),
                Color::Indexed(210),
                plain.bg(Color::Indexed(24)).fg(Color::Indexed(231)),
            ),
            ThemeName::Light => colours(
                Color::Indexed(25),
                Color::Indexed(241),
                Color::Indexed(28),
                Color::Indexed(130),
                Color::Indexed(160),
                plain.bg(Color::Indexed(153)).fg(Color::Indexed(16)),
            ),
            ThemeName::Sixteen => colours(
                Color::Cyan,
                Color::DarkGray,
                Color::Green,
                Color::Yellow,
                Color::Red,
                plain.add_modifier(Modifier::REVERSED),
            ),
            ThemeName::Plain => Self {
                name,
                accent: bold,
                dim: plain,
                good: plain,
                warn: bold,
                bad: bold,
                selected: plain.add_modifier(Modifier::REVERSED),
                head: plain.add_modifier(Modifier::UNDERLINED),
            },
        }
    }
}
