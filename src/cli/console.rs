//! `readmit console`.

use std::io::IsTerminal as _;
use std::sync::Arc;

use super::Error;
use super::setup::{CLOCK, Database, Setup};
use crate::console::{Ended, Hands, ThemeName};
use crate::store::{Options, Watch};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only look: no key changes anything
    #[arg(long)]
    read_only: bool,
    /// Colours [default: dark; plain if `NO_COLOR` is set]
    #[arg(long, value_enum)]
    theme: Option<ThemeName>,
}

pub(super) async fn run(args: Args, setup: &Setup) -> Result<(), Error> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(
            "the console needs a terminal; the other commands do without (readmit --help)".into(),
        );
    }
    // Nothing is logged: a line in the middle of the picture helps nobody. What goes wrong is said on it.
    let config = setup.config()?;
    let admin = Setup::open(&config, Database::MustExist)?;
    let watch = Watch::open(&Options::from(&config.storage))?;
    let hands = Hands {
        admin: admin.clone(),
        config: Arc::new(config),
        clock: CLOCK,
    };
    let theme = args.theme.unwrap_or_else(default_theme);
    let ended = crate::console::run(hands, watch, theme, args.read_only).await;
    admin.store.close().await;
    match ended? {
        Ended::Signal(_, Some(draft)) => Err(format!(
            "a template was being changed; it is not saved, and the draft is in {}",
            draft.display()
        )
        .into()),
        Ended::Signal(_, None) | Ended::Left => Ok(()),
    }
}

/// <https://no-color.org>: any value but an empty one.
fn default_theme() -> ThemeName {
    match std::env::var_os("NO_COLOR") {
        Some(value) if !value.is_empty() => ThemeName::Plain,
        _ => ThemeName::Dark,
    }
}
