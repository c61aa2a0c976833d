//! The tree of templates, and what stands at the selected place.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::heading;
use super::preview::{RULE, beside, draw_preview, half, right_of_rule};
use super::table::WIDE;
use crate::console::model::Model;
use crate::console::query::Template;
use crate::console::tree::{Branch, Node};
use crate::templates::{Kind, Part};
use crate::text::{inert, inert_line};

/// How wide the tree is.
const TREE: u16 = 28;

/// How wide HTML is drawn in the preview.
pub(in crate::console) fn preview_width(model: &Model) -> u16 {
    let all = model.size.0;
    if model.editor.is_some() {
        half(all)
    } else if all >= WIDE {
        half(all.saturating_sub(TREE + RULE))
    } else {
        all.saturating_sub(TREE + RULE)
    }
}

/// The first line of the tree that is on the screen.
pub(in crate::console) fn top_branch(model: &Model, branches: &[Branch]) -> usize {
    let height = model.height().max(1);
    let selected = model.templates.position(branches);
    let most = branches.len().saturating_sub(height);
    selected.saturating_sub(height / 2).min(most)
}

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let [tree, side] =
        Layout::horizontal([Constraint::Length(TREE), Constraint::Min(0)]).areas(area);
    draw_tree(model, frame, tree);
    let side = right_of_rule(model, frame, side);
    match (&model.templates.selected, model.templates.current()) {
        (_, Some(template)) => draw_template(model, template, frame, side),
        (Node::Language(..), None) => {
            let text = "reading …";
            frame.render_widget(Line::styled(text, model.theme.dim), side);
        }
        (node, None) => {
            let text = Paragraph::new(about(model, node)).wrap(Wrap { trim: true });
            frame.render_widget(text, side);
        }
    }
}

fn draw_tree(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let rows = Layout::vertical([Constraint::Length(1), Constraint::Length(1)]);
    let [title, head] = rows.areas(Rect { height: 2, ..area });
    let saved = &model.templates.saved;
    let own = saved.iter().filter(|it| !it.taken_back).count();
    let text = if model.templates.known {
        format!("Templates: {own} of your own")
    } else {
        "reading …".to_owned()
    };
    frame.render_widget(Line::raw(text), title);
    if model.filter().is_empty() {
        let text = "LOCATION, MAIL, LANGUAGE";
        frame.render_widget(Line::styled(text, theme.head), head);
    } else {
        let text = format!("with “{}”", inert(model.filter()));
        frame.render_widget(Line::styled(text, theme.warn), head);
    }
    let branches = model.branches();
    if branches.is_empty() {
        let line = Rect {
            y: area.y + 3,
            height: 1,
            ..area
        };
        let text = "nothing like that";
        frame.render_widget(Line::styled(text, theme.dim), line);
        return;
    }
    let top = top_branch(model, &branches);
    let selected = model.templates.position(&branches);
    let shown = branches.iter().enumerate().skip(top);
    for (line, (place, branch)) in (area.y + 2..area.bottom()).zip(shown) {
        let row = Rect {
            y: line,
            height: 1,
            ..area
        };
        frame.render_widget(branch_line(model, branch, place == selected), row);
    }
}

fn branch_line(model: &Model, branch: &Branch, selected: bool) -> Line<'static> {
    let theme = &model.theme;
    let sign = match branch.open {
        Some(true) => "▾ ",
        Some(false) => "▸ ",
        None => "  ",
    };
    let depth = "  ".repeat(branch.node.depth());
    let letters: String = Part::ALL
        .into_iter()
        .filter(|part| branch.own.contains(part))
        .map(|part| match part {
            Part::Subject => 'S',
            Part::Text => 'T',
            Part::Html => 'H',
        })
        .collect();
    // The letters keep their place whatever the label is.
    let room = usize::from(TREE) - 5;
    let mut label = format!("{depth}{sign}{}", inert(&branch.label));
    while Span::raw(label.as_str()).width() > room {
        label.pop();
    }
    let blanks = " ".repeat(room - Span::raw(label.as_str()).width());
    let (colour, mark) = if branch.failed {
        (theme.bad, "!")
    } else {
        (theme.accent, " ")
    };
    let marks = format!("{blanks} {mark}{letters}");
    if selected {
        return Line::raw(format!("{label}{marks}")).style(theme.selected);
    }
    Line::from(vec![Span::raw(label), Span::styled(marks, colour)])
}

/// What there is to say about a line that is no place for a template.
fn about(model: &Model, node: &Node) -> Vec<Line<'static>> {
    let said = match node {
        Node::Business(None) => {
            "Templates for every location that has none of its own. Without any, mail is made from the \
             built-in ones."
        }
        Node::Business(Some(_)) => {
            "Templates of this location. What it has none for is made from those of every location, and \
             else from the built-in ones."
        }
        Node::Mail(_, kind) | Node::Language(_, kind, _) => match kind {
            Kind::Reset => "The mail with a link to choose a new password.",
            Kind::Otp => "The mail with a one-time code and a magic link.",
            Kind::Changed => "The notice that a password was changed.",
            Kind::Welcome => {
                "The greeting of somebody who was added, with a link to choose a password."
            }
            Kind::SignIn => {
                "The notice that an application that is new to the account has signed in."
            }
        },
    };
    let hint = match node {
        Node::Business(_) => "Enter shows its mails.",
        Node::Mail(..) | Node::Language(..) => "Enter shows its languages, n adds another one.",
    };
    let letters = "S, T and H behind a line: it has a subject, text or HTML of its own.";
    let dim = model.theme.dim;
    vec![
        Line::raw(said),
        Line::default(),
        Line::styled(hint, dim),
        Line::styled(letters, dim),
    ]
}

fn draw_template(model: &Model, template: &Template, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let mut facts = vec![part_line(model), origin(model, template)];
    if let Some(failure) = template.own.as_ref().and_then(|own| own.failure.as_ref()) {
        facts.push(Line::styled(
            format!(
                "it failed, and the built-in one stood in: {}",
                inert(failure)
            ),
            theme.bad,
        ));
    }
    facts.extend(
        template
            .judged
            .faults
            .iter()
            .map(|fault| Line::styled(inert(fault), theme.bad)),
    );
    let width = usize::from(area.width.max(1));
    let height: usize = facts
        .iter()
        .map(|fact| fact.width().div_ceil(width).max(1))
        .sum();
    let height = u16::try_from(height).unwrap_or(u16::MAX);
    let facts = Paragraph::new(facts).wrap(Wrap { trim: true });
    let [top, body] = Layout::vertical([
        Constraint::Length(height.min(area.height / 2)),
        Constraint::Min(0),
    ])
    .areas(area);
    frame.render_widget(facts, top);
    let [source, preview] = if model.size.0 >= WIDE {
        beside(model, frame, body)
    } else {
        Layout::vertical([Constraint::Fill(2), Constraint::Fill(3)]).areas(body)
    };
    let mut lines = vec![heading(model, "Source")];
    lines.extend(
        template
            .source
            .lines()
            .take(usize::from(source.height))
            .map(|line| Line::raw(inert_line(line))),
    );
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    frame.render_widget(text, source);
    draw_preview(model, &template.judged, (false, 0), frame, preview);
}

/// The parts of a mail, and which of them is looked at.
fn part_line(model: &Model) -> Line<'static> {
    let mut spans = Vec::new();
    for part in Part::ALL {
        let style = if part == model.templates.part {
            model.theme.accent.add_modifier(Modifier::REVERSED)
        } else {
            model.theme.dim
        };
        spans.push(Span::styled(format!(" {part} "), style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

/// Where the template comes from.
fn origin(model: &Model, template: &Template) -> Line<'static> {
    let theme = &model.theme;
    let taken_back = match &template.own {
        Some(own) if own.taken_back => format!("taken back in version {}; ", own.version),
        _ => String::new(),
    };
    match (&template.from, &template.own) {
        (Some(from), Some(own)) if *from == template.place => Line::styled(
            format!(
                "overridden here: version {} by {}",
                own.version,
                inert(&own.actor)
            ),
            theme.good,
        ),
        (Some(from), _) => Line::styled(
            format!("{taken_back}not overridden here; in force is that of {from}"),
            theme.warn,
        ),
        (None, _) => Line::styled(
            format!(
                "{taken_back}not overridden here; in force is the built-in one in {}",
                template.language
            ),
            theme.dim,
        ),
    }
}
