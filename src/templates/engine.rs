//! The template language: minijinja, without what could leave a value unescaped, or goes on without a bound.

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};

use super::{Part, builtin};
use crate::locale::Language;

/// What one part may cost: a unit is an instruction or 64 bytes of text. A long mail takes some
/// hundreds.
const FUEL: u64 = 10_000;

/// The name of the template in its environment; it stands in error messages.
const NAME: [&str; 3] = ["subject.txt", "text.txt", "html.html"];

/// Why a template cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(super) struct NotCompiled {
    /// Where, from 1.
    pub(super) line: usize,
    /// Why.
    pub(super) reason: String,
}

impl From<Error> for NotCompiled {
    fn from(error: Error) -> Self {
        Self {
            line: error.line().unwrap_or(1),
            reason: reason(&error),
        }
    }
}

/// One part's template, ready to be filled in.
pub(super) struct Compiled {
    environment: Environment<'static>,
    name: &'static str,
}

impl Compiled {
    /// Compiles `source`. One of HTML may extend `layout.html`, which is that of the language.
    pub(super) fn new(part: Part, language: Language, source: String) -> Result<Self, NotCompiled> {
        if let Some(refused) = refused(&source) {
            return Err(refused);
        }
        let mut environment = environment();
        let [subject, text, html] = NAME;
        let name = match part {
            Part::Subject => subject,
            Part::Text => text,
            Part::Html => {
                environment.add_template("layout.html", builtin::layout(language))?;
                html
            }
        };
        environment.add_template_owned(name, source)?;
        Ok(Self { environment, name })
    }

    pub(super) fn render(&self, values: &Value) -> Result<String, Error> {
        self.environment.get_template(self.name)?.render(values)
    }

    /// The names that the template looks up and does not set itself.
    pub(super) fn names(&self) -> Vec<String> {
        let Ok(template) = self.environment.get_template(self.name) else {
            return Vec::new();
        };
        let globals: Vec<_> = self.environment.globals().map(|(name, _)| name).collect();
        let mut names: Vec<_> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !globals.contains(&name.as_str()))
            .collect();
        names.sort_unstable();
        names
    }
}

/// Strict about names, bounded in work; what is called `.html` is escaped.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.remove_filter("safe");
    environment.set_auto_escape_callback(|name| {
        if name.strip_suffix(".html").is_some() {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment
}

/// The first of what the language takes and we do not: lists that are repeated, which costs nothing by itself,
/// while what is made of one has no bound, and imports, since there is nothing to import and the library panics
/// at what is no name behind `as`.
fn refused(source: &str) -> Option<NotCompiled> {
    let because = |at: usize, reason: &str| {
        Some(NotCompiled {
            line: source[..at].split('\n').count(),
            reason: reason.to_owned(),
        })
    };
    let mut characters = source.char_indices();
    let (mut in_tag, mut braces, mut quote, mut last, mut resume) = (false, 0, None, ' ', 0);
    while let Some((at, c)) = characters.next() {
        let rest = &source[at..];
        match (quote, c) {
            _ if at < resume => {}
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if c == open => (quote, last) = (None, c),
            (Some(_), _) => {}
            (None, _) if !in_tag => {
                let statement = rest.strip_prefix("{%").unwrap_or_default();
                let statement = statement.trim_start_matches(['-', '+']).trim_start();
                if statement.starts_with("import") {
                    return because(at, "there is nothing to import; leave it out");
                }
                // Quotes in these are no quotes.
                let end = match rest.get(..2) {
                    Some("{#") => rest.find("#}"),
                    Some("{%") if statement.starts_with("raw") => rest.find("endraw"),
                    _ => Some(0),
                };
                resume = end.map_or(source.len(), |end| at + end);
                in_tag = resume == at && (rest.starts_with("{{") || rest.starts_with("{%"));
                if in_tag {
                    characters.next();
                }
                last = ' ';
            }
            (None, '}') if braces > 0 => (braces, last) = (braces - 1, c),
            (None, '}' | '%') if rest.starts_with("}}") || rest.starts_with("%}") => {
                in_tag = false;
            }
            (None, '*') if !matches!(last, '\'' | '"') => {
                let reason = "only a text in quotes can be repeated, as in {{ '-' * 40 }}";
                return because(at, reason);
            }
            (None, '\'' | '"') => quote = Some(c),
            (None, _) => {
                braces += usize::from(c == '{');
                last = if c.is_whitespace() { last } else { c };
            }
        }
    }
    None
}

/// The library's message with the line in front, without the name of our own file.
pub(super) fn in_words(error: &minijinja::Error) -> String {
    match error.line() {
        Some(line) => format!("line {line}: {}", reason(error)),
        None => reason(error),
    }
}

fn reason(error: &minijinja::Error) -> String {
    let detail = error.detail().unwrap_or_default();
    let text = if detail.is_empty() {
        error.kind().to_string()
    } else {
        detail.to_owned()
    };
    crate::text::inert(&text)
}
