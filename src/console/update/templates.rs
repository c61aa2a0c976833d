//! The tree of templates, and what stands beside it.

use super::{Effect, Model, Overlay, reading};
use crate::console::editor::Editor;
use crate::console::model::Question;
use crate::console::query::{Against, Query};
use crate::console::view;
use crate::templates::{Mail, Place};

/// What is said where a line of the tree is no place for a template.
const NO_PLACE: &str = "select a language first: that of the mail, or every one";

/// Goes so many lines further down.
pub(super) fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let branches = model.branches();
    let here = model.templates.position(&branches);
    model
        .templates
        .select(&branches, here.saturating_add_signed(by));
    look(model)
}

/// Selects the line at this place on the screen; whether there is one.
pub(super) fn click(model: &mut Model, line: usize) -> bool {
    let branches = model.branches();
    let top = view::top_branch(model, &branches);
    let exists = top + line < branches.len();
    if exists {
        model.templates.select(&branches, top + line);
    }
    exists
}

/// Shows what is beneath a line; at a language it begins to change the template.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let branches = model.branches();
    if model.templates.unfold(&branches) {
        return look(model);
    }
    if model.read_only {
        model.complain("this console only looks: it was started with --read-only");
        return Vec::new();
    }
    edit(model)
}

/// Reads what stands at the selected place.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    let Some(place) = model.templates.place() else {
        return Vec::new();
    };
    let tree = &mut model.templates;
    if std::mem::replace(&mut tree.reading, true) {
        tree.stale = true;
        return Vec::new();
    }
    let columns = view::preview_width(model);
    vec![Effect::Read(Query::Template { place, columns })]
}

/// Notes that a reading has come to its end, and begins the next if something has changed meanwhile.
pub(super) fn settle(model: &mut Model) -> Vec<Effect> {
    model.templates.reading = false;
    if std::mem::take(&mut model.templates.stale) {
        look(model)
    } else {
        Vec::new()
    }
}

/// HTML is drawn anew for another width.
pub(super) fn resized(model: &mut Model) -> Vec<Effect> {
    if model.editor.is_some() {
        return super::editor::judge(model);
    }
    match model.tab {
        super::Tab::Templates => look(model),
        _ => Vec::new(),
    }
}

pub(super) fn turn_part(model: &mut Model) -> Vec<Effect> {
    model.templates.turn_part();
    look(model)
}

/// Begins to change the template that is looked at.
pub(super) fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(template) = model.templates.current() else {
        model.complain(match model.templates.place() {
            Some(_) => "it is still being read",
            None => NO_PLACE,
        });
        return Vec::new();
    };
    model.editor = Some(Box::new(Editor::new(template, &model.theme)));
    // There is another width for the HTML now.
    super::editor::judge(model)
}

/// Begins to change the template in somebody's own editor.
pub(super) fn edit_outside(model: &mut Model) -> Vec<Effect> {
    let mut effects = edit(model);
    effects.extend(super::editor::go_outside(model));
    effects
}

pub(super) fn ask_language(model: &mut Model) -> Vec<Effect> {
    if matches!(
        model.templates.selected,
        crate::console::tree::Node::Business(_)
    ) {
        model.complain("select a mail first");
    } else {
        model.overlay = Some(Overlay::Ask(Question::Language, view::line("")));
    }
    Vec::new()
}

/// Asks to whom a test of the mail goes.
pub(super) fn ask_address(model: &mut Model) -> Vec<Effect> {
    match model.templates.place() {
        Some(place) => {
            let question = Question::TestMail(mail(place), None);
            model.overlay = Some(Overlay::Ask(question, view::line("")));
        }
        None => model.complain(NO_PLACE),
    }
    Vec::new()
}

/// The mail that a template is a part of.
pub(super) fn mail(place: Place) -> Mail {
    Mail {
        kind: place.kind,
        business: place.business,
        locale: place.locale,
    }
}

/// Reads the versions of the template that is looked at, to be shown.
pub(super) fn history(model: &mut Model) -> Vec<Effect> {
    let Some(place) = model.templates.place() else {
        model.complain(NO_PLACE);
        return Vec::new();
    };
    model.scrolled = 0;
    model.opening = true;
    let (version, against) = (None, Against::Before);
    vec![Effect::Read(Query::History {
        place,
        version,
        against,
    })]
}

/// Notes that a template was saved.
pub(super) fn saved(model: &mut Model, place: &Place, source: String, version: i64) {
    if let Some(editor) = editor_at(model, place) {
        editor.saved(source);
    }
    model.say(format!("saved: version {version} is in force"));
}

/// Notes that somebody else has saved a template that is being changed.
pub(super) fn overtaken(model: &mut Model, place: &Place, source: String) {
    if let Some(editor) = editor_at(model, place) {
        editor.overtaken(source);
    }
    model.complain(
        "not saved: somebody else has saved this meanwhile; ^S once more replaces it, theirs stays in the history",
    );
}

fn editor_at<'a>(model: &'a mut Model, place: &Place) -> Option<&'a mut Box<Editor>> {
    model
        .editor
        .as_mut()
        .filter(|editor| editor.place == *place)
}

/// Takes what was asked for by [`Question::Language`].
pub(super) fn turn_to(model: &mut Model, tag: &str) -> Result<Vec<Effect>, String> {
    let locale = tag
        .parse()
        .map_err(|error: crate::locale::LocaleError| error.to_string())?;
    model.templates.turn_to(locale);
    Ok(reading::reload(model))
}
