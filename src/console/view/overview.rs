//! How the deployment is, at a glance.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline};

use super::{pair, span};
use crate::console::model::Model;
use crate::console::query::{Activity, Overview};
use crate::text::inert;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let Some(overview) = &model.overview else {
        frame.render_widget(Line::styled("reading …", model.theme.dim), area);
        return;
    };
    let facts = facts(model, overview);
    let height = u16::try_from(facts.len() + 1).unwrap_or(u16::MAX);
    let [top, bottom] =
        Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(area);
    frame.render_widget(Paragraph::new(facts), top);
    // One beside the other where there is room, else one below the other.
    let [hour, day] = if area.width >= 112 {
        let sides = [Constraint::Length(60), Constraint::Min(0)];
        Layout::horizontal(sides).spacing(2).areas(bottom)
    } else {
        Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(bottom)
    };
    let (by_minute, by_half_hour) = (&overview.hour, &overview.day);
    activity(
        model,
        frame,
        hour,
        "The last hour, by the minute",
        by_minute,
    );
    activity(
        model,
        frame,
        day,
        "The last day, by half an hour",
        by_half_hour,
    );
}

fn facts<'a>(model: &'a Model, overview: &'a Overview) -> Vec<Line<'a>> {
    let theme = &model.theme;
    let server = match &overview.server {
        Ok(address) => Span::styled(format!("up, at {}", inert(address)), theme.good),
        Err(why) => Span::styled(format!("down: {}", inert(why)), theme.bad),
    };
    let mut lines = vec![Line::default(), pair(model, "server", server)];
    for relay in &overview.relays {
        let status = match (relay.down_since, &relay.failure) {
            (None, _) => Span::styled(format!("{} works", relay.relay), theme.good),
            (Some(since), failure) => Span::styled(
                format!(
                    "{} down for {}: {}",
                    relay.relay,
                    span(model.now.since(since)),
                    inert(failure.as_deref().unwrap_or_default())
                ),
                theme.bad,
            ),
        };
        lines.push(pair(model, "relay", status));
    }
    let backlog = overview.backlog;
    let waiting = match backlog.oldest {
        Some(oldest) => Span::styled(
            format!(
                "{} waiting, the oldest for {}",
                backlog.waiting,
                span(model.now.since(oldest))
            ),
            theme.warn,
        ),
        None => Span::styled("nothing waiting", theme.good),
    };
    let style = |count: u32, bad: Style| if count == 0 { theme.good } else { bad };
    lines.push(pair(model, "outbox", waiting));
    lines.push(pair(
        model,
        "dead letters",
        Span::styled(backlog.dead.to_string(), style(backlog.dead, theme.bad)),
    ));
    lines.push(pair(
        model,
        "held back",
        Span::styled(
            format!("{} after wrong passwords or codes", overview.held_back),
            style(overview.held_back, theme.warn),
        ),
    ));
    lines.push(pair(model, "limits", limits(model, overview)));
    lines.push(pair(model, "database", bytes(overview.size)));
    lines
}

/// Which limits bite, the hardest first.
fn limits<'a>(model: &Model, overview: &Overview) -> Span<'a> {
    let theme = &model.theme;
    let Some(limited) = &overview.limited else {
        return Span::styled("off", theme.warn);
    };
    if limited.is_empty() {
        return Span::styled("held nothing back in the last hour", theme.good);
    }
    let each: Vec<String> = limited
        .iter()
        .map(|(rule, requests)| format!("{} {requests}", inert(rule)))
        .collect();
    let text = format!("held back in the last hour: {}", each.join(", "));
    Span::styled(text, theme.warn)
}

fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (size * 10 / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

fn activity(
    model: &Model,
    frame: &mut Frame<'_>,
    area: Rect,
    title: &'static str,
    activity: &Activity,
) {
    let theme = &model.theme;
    let series = [
        ("requests", &activity.requests, theme.accent),
        ("mails", &activity.mails, theme.good),
        ("sign-ins", &activity.sign_ins, theme.good),
        ("refusals", &activity.refusals, theme.bad),
    ];
    let [head, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(Line::styled(title, theme.head), head);
    let places = Layout::vertical([Constraint::Fill(1); 4]).split(rest);
    for ((name, values, style), place) in series.into_iter().zip(places.iter()) {
        let [label, chart] =
            Layout::horizontal([Constraint::Length(16), Constraint::Min(0)]).areas(*place);
        let sum: u64 = values.iter().map(|value| u64::from(*value)).sum();
        frame.render_widget(Line::raw(format!("{name:>9} {sum:>5}")), label);
        // The newest is what matters where there is no room for all.
        let skipped = values.len().saturating_sub(usize::from(chart.width));
        let data = values.iter().skip(skipped).map(|value| u64::from(*value));
        let height = chart.height.min(3);
        let chart = Rect { height, ..chart };
        frame.render_widget(Sparkline::default().data(data).style(style), chart);
    }
}
