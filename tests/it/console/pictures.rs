//! The pictures in the README are what the console draws: they are made here, from its buffer.
//!
//! With `INSTA_UPDATE=always` they are written anew, as snapshots are.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use ratatui::text::Span;

use super::desk::{Desk, busy_town};

/// The size of a cell, in pixels.
const CELL: (usize, usize) = (8, 17);
const MARGIN: usize = 12;

const PAPER: &str = "#16181d";
const INK: &str = "#d8dce4";

#[test]
fn the_pictures_in_the_readme_are_what_is_drawn() {
    let mut desk = Desk::new(busy_town());
    desk.resize((110, 24));
    for (keys, name) in [
        ("2t", "links"),
        ("4/jane\n\n", "person"),
        ("\u{1b}\u{1b}2:rev", "palette"),
    ] {
        desk.press(keys);
        desk.advance(Duration::ZERO);
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("assets/pictures/console-{name}.svg"));
        let drawn = svg(&desk.buffer());
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(&file, &drawn).expect("a picture");
        }
        let stands = std::fs::read_to_string(&file).expect("a picture");
        assert!(
            stands == drawn,
            "{name} is drawn otherwise now; INSTA_UPDATE=always writes it"
        );
    }
}

fn svg(buffer: &Buffer) -> String {
    let (columns, lines) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, lines * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let start = x;
            let style = look(&buffer[(x, y)]);
            let mut text = String::new();
            while x < buffer.area.width && look(&buffer[(x, y)]) == style {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                x += u16::try_from(Span::raw(symbol).width().max(1)).expect("a width");
            }
            run(&mut svg, &text, (start, y), x - start, style);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The colours of a cell, and whether it is bold.
fn look(cell: &Cell) -> (Color, Color, bool) {
    let bold = cell.modifier.contains(Modifier::BOLD);
    if cell.modifier.contains(Modifier::REVERSED) {
        (cell.bg, cell.fg, bold)
    } else {
        (cell.fg, cell.bg, bold)
    }
}

fn run(
    svg: &mut String,
    text: &str,
    (x, y): (u16, u16),
    cells: u16,
    (ink, paper, bold): (Color, Color, bool),
) {
    let reversed = ink == Color::Reset && paper != Color::Reset;
    let (left, top) = (
        MARGIN + usize::from(x) * CELL.0,
        MARGIN + usize::from(y) * CELL.1,
    );
    let width = usize::from(cells) * CELL.0;
    if paper != Color::Reset {
        let fill = colour(paper, INK);
        let height = CELL.1;
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let fill = colour(ink, if reversed { PAPER } else { INK });
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let base = top + 13;
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{base}\" textLength=\"{width}\" fill=\"{fill}\"{weight} \
         xml:space=\"preserve\">{escaped}</text>"
    );
}

/// The colour as a web page writes it (the 256 colours of xterm).
fn colour(colour: Color, otherwise: &str) -> String {
    let rgb = match colour {
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(place @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let place = place - 16;
            [level(place / 36), level(place / 6 % 6), level(place % 6)]
        }
        Color::Indexed(place @ 232..) => [8 + 10 * (place - 232); 3],
        _ => return otherwise.to_owned(),
    };
    format!("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2])
}
