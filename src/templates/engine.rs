//! The template language: minijinja, without what could leave a value unescaped.

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};

use super::{Part, builtin};
use crate::locale::Language;

/// What one part may cost: a unit is an instruction or 64 bytes of text. A long mail takes some
/// hundreds.
const FUEL: u64 = 10_000;

/// The name of the template in its environment; it stands in error messages.
const NAME: [&str; 3] = ["subject.txt", "text.txt", "html.html"];

/// One part's template, ready to be filled in.
pub(super) struct Compiled {
    environment: Environment<'static>,
    name: &'static str,
}

impl Compiled {
    /// Compiles `source`. One of HTML may extend `layout.html`, which is that of the language.
    pub(super) fn new(part: Part, language: Language, source: String) -> Result<Self, Error> {
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
