//! The pictures in the README are what a terminal shows: they are made here, from the cells of an emulator
//! that was given the bytes that the console writes.
//!
//! With `INSTA_UPDATE=always` they are written anew, as snapshots are.

use std::fmt::Write as _;
use std::path::Path;

use crossterm::event::KeyCode;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use readmit::console;
use readmit::templates::Part;
use vt100::{Cell, Color, Screen};

use super::desk::{Desk, busy_town};
use super::templates::save;

/// The size of a cell, in pixels.
const CELL: (usize, usize) = (8, 17);
const MARGIN: usize = 12;

const PAPER: &str = "#16181d";
const INK: &str = "#d8dce4";

/// Columns and lines of the pictures.
const SIZE: (u16, u16) = (110, 26);

#[test]
fn the_pictures_in_the_readme_are_what_a_terminal_shows() {
    let app = busy_town();
    save(
        &app,
        Part::Text,
        None,
        "Ahoy {{ name }},\n\nhere is your way back in:\n\n{{ link }}\n",
    );
    save(&app, Part::Subject, Some("fr"), "Bienvenue {{ name }}");
    let mut desk = Desk::new(app);
    desk.resize(SIZE);
    for (keys, name) in [
        ("2t", "links"),
        ("5/jane\n\n", "person"),
        ("\u{1b}\u{1b}3hjlllle", "templates"),
    ] {
        desk.press(keys);
        if name == "templates" {
            for _ in 0..2 {
                desk.key(KeyCode::Down);
            }
            desk.key(KeyCode::End);
            desk.press("\nit works for {{ lifetime }}.");
        }
        let drawn = svg(shown(&desk).screen());
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("assets/pictures/console-{name}.svg"));
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

/// An emulator that has been given what the console writes to its terminal.
fn shown(desk: &Desk) -> vt100::Parser {
    // Whoever runs the tests may want none for themselves.
    crossterm::style::force_color_output(true);
    let mut written = Vec::new();
    let options = TerminalOptions {
        viewport: Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1)),
    };
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(&mut written), options).expect("a terminal");
    terminal
        .draw(|frame| console::view(&desk.model, frame))
        .expect("it is drawn");
    drop(terminal);
    let cells = |count| std::num::NonZero::new(count).expect("some");
    let mut emulator = vt100::Parser::new(cells(SIZE.1), cells(SIZE.0), 0);
    emulator.process(&written);
    emulator
}

fn svg(screen: &Screen) -> String {
    let (columns, lines) = (usize::from(SIZE.0), usize::from(SIZE.1));
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, lines * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for y in 0..SIZE.1 {
        let mut x = 0;
        while let Some(cell) = screen.cell(y, x) {
            let start = x;
            let style = look(cell);
            let mut text = String::new();
            while let Some(cell) = screen.cell(y, x).filter(|cell| look(cell) == style) {
                // What a wide character takes of the next cell is no cell of its own.
                if !cell.is_wide_continuation() {
                    text.push_str(if cell.has_contents() {
                        cell.contents()
                    } else {
                        " "
                    });
                }
                x += 1;
            }
            run(&mut svg, &text, (start, y), x - start, style);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The colours of a cell, and whether it is bold.
fn look(cell: &Cell) -> (Color, Color, bool) {
    if cell.inverse() {
        (cell.bgcolor(), cell.fgcolor(), cell.bold())
    } else {
        (cell.fgcolor(), cell.bgcolor(), cell.bold())
    }
}

fn run(
    svg: &mut String,
    text: &str,
    (x, y): (u16, u16),
    cells: u16,
    (ink, paper, bold): (Color, Color, bool),
) {
    let reversed = ink == Color::Default && paper != Color::Default;
    let (left, top) = (
        MARGIN + usize::from(x) * CELL.0,
        MARGIN + usize::from(y) * CELL.1,
    );
    let width = usize::from(cells) * CELL.0;
    if paper != Color::Default {
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
        Color::Idx(place @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let place = place - 16;
            [level(place / 36), level(place / 6 % 6), level(place % 6)]
        }
        Color::Idx(place @ 232..) => [8 + 10 * (place - 232); 3],
        _ => return otherwise.to_owned(),
    };
    format!("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2])
}
