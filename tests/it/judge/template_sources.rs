//! Templates.

use readmit::templates::{Fault, Kind, Part, lint};

/// What is wrong with a template: said in a line of text, with a line that there is.
pub(crate) fn judge(kind: Kind, part: Part, source: &str) -> Vec<Fault> {
    let faults = lint(kind, part, source);
    for fault in &faults {
        let said = fault.to_string();
        assert!(
            !said.is_empty() && !said.contains(char::is_control),
            "{said:?}"
        );
        if let Some(rest) = said.strip_prefix("line ") {
            let line = rest
                .split(':')
                .next()
                .and_then(|line| line.parse::<usize>().ok());
            let line = line.unwrap_or_else(|| panic!("{said}"));
            assert!((1..=source.split('\n').count()).contains(&line), "{said}");
        }
    }
    faults
}
