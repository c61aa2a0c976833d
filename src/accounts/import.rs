//! People from a CSV file: `email,name,business,password`, a header line first.

use std::io::Read;

use crate::business::BusinessId;
use crate::email::EmailAddress;
use crate::password::{Password, Policy};

/// A person read from a file, before the password is hashed.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    /// The address.
    pub email: EmailAddress,
    /// How the person is called.
    pub name: String,
    /// The location.
    pub business_id: Option<BusinessId>,
    /// None for an account that must reset first.
    pub password: Option<Password>,
}

/// What is wrong with a line. Nothing is imported then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}; nothing was imported")]
pub struct ImportError {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong. It never shows a password.
    pub problem: String,
}

const HEADER: [&str; 4] = ["email", "name", "business", "password"];

/// Reads every row, or names the first bad one.
pub fn read(mut source: impl Read, policy: &Policy) -> Result<Vec<Row>, ImportError> {
    let bad = |line, problem: String| ImportError { line, problem };
    let mut file = Vec::new();
    source
        .read_to_end(&mut file)
        .map_err(|error| bad(1, format!("the file cannot be read: {error}")))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::None)
        .from_reader(file.as_slice());
    let header = reader
        .headers()
        .map_err(|error| unreadable(&file, &error))?;
    let named: Vec<_> = header
        .iter()
        .map(|name| {
            name.trim()
                .trim_start_matches('\u{feff}')
                .to_ascii_lowercase()
        })
        .collect();
    if named != HEADER {
        return Err(bad(1, format!("the header must be {}", HEADER.join(","))));
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut seen = std::collections::HashMap::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| unreadable(&file, &error))?;
        let line = line(&file, record.position());
        let row = row(&record, line, policy).map_err(|problem| bad(line, problem))?;
        if let Some(first) = seen.insert(row.email.key().to_owned(), line) {
            return Err(bad(
                line,
                format!("{} stands on line {first} already", row.email),
            ));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn row(record: &csv::StringRecord, line: u64, policy: &Policy) -> Result<Row, String> {
    let field = |at: usize| record.get(at).unwrap_or_default();
    let email =
        EmailAddress::parse(field(0)).map_err(|error| format!("{:?}: {error}", field(0)))?;
    let name = field(1).trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("a name is required, without control characters".to_owned());
    }
    let business_id = match field(2).trim() {
        "" => None,
        number => Some(number.parse::<BusinessId>()?),
    };
    let password = match field(3) {
        "" => None,
        text => Some(policy.accept(text).map_err(|missed| missed.join(" "))?),
    };
    Ok(Row {
        line,
        email,
        name: name.to_owned(),
        business_id,
        password,
    })
}

/// The line on which a record begins. The library's own number is that of the end of the record
/// before, and does not count the empty lines between the two.
fn line(file: &[u8], position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 1 };
    let end_before = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let between = file.get(end_before..).unwrap_or_default().iter();
    let between = between.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let breaks = between.filter(|&&byte| byte == b'\n').count();
    position.line() + u64::try_from(breaks).unwrap_or(u64::MAX)
}

fn unreadable(file: &[u8], error: &csv::Error) -> ImportError {
    // The library's own message can quote the line, and with it a password.
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { len, .. } => {
            format!("expected {} fields, found {len}", HEADER.len())
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it is not CSV".to_owned(),
    };
    ImportError {
        line: line(file, error.position()),
        problem,
    }
}
