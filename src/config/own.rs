//! A configuration file of one's own, out of the sample.

use std::fmt::Write as _;

use toml::Value;

use super::SAMPLE;

/// What stands above the first section instead of the sample's own words.
const HEAD: &str = "\
# The configuration of this readmit, made by `readmit init`.
#
# What begins with \"#\" and a key is the default, which later versions may improve: take the \"#\" away
# to set it. Environment variables come over this file: READMIT_SMTP__URL (two underscores) sets smtp.url;
# a list has commas between its items. An unknown key or a wrong value ends the start with a message.
#
# Durations are written \"30s\", \"5m\", \"1h 30m\" or \"15d\". Relative paths start at the working directory.
# An empty text (\"\") means none, where a key is optional.
";

/// The sample with these keys set, such as `smtp.url`, and every other as a comment with its default.
pub fn own_file(set: &[(&str, Value)]) -> String {
    let mut text = String::from(HEAD);
    let mut section = "";
    for line in SAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            section = name;
            text.push('\n');
        }
        if section.is_empty() || line.is_empty() {
            continue;
        }
        let key = line.split_once(" = ").map(|(key, _)| key);
        match key.filter(|_| !line.starts_with('#')) {
            None => text.push_str(line),
            Some(key) => {
                let is_this = |(name, _): &&(&str, Value)| *name == format!("{section}.{key}");
                // Writing to a String cannot fail.
                let _ = match set.iter().find(is_this) {
                    Some((_, value)) => write!(text, "{key} = {value}"),
                    None => write!(text, "#{line}"),
                };
            }
        }
        text.push('\n');
    }
    text
}
