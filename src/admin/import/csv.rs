//! People from a CSV file: `email,name,business,password`, a header line first.

use super::{Given, LineError, Row, Rules};
use crate::business::BusinessId;

const HEADER: [&str; 4] = ["email", "name", "business", "password"];

pub(super) fn read(file: &[u8], rules: &Rules<'_>) -> Result<Vec<Row>, LineError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::None)
        .from_reader(file);
    let header = reader.headers().map_err(|error| unreadable(file, &error))?;
    let named: Vec<_> = header
        .iter()
        .map(|name| {
            name.trim()
                .trim_start_matches('\u{feff}')
                .to_ascii_lowercase()
        })
        .collect();
    if named != HEADER {
        return Err(LineError {
            line: 1,
            problem: format!("the header must be {}", HEADER.join(",")),
        });
    }
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| unreadable(file, &error))?;
        let line = line(file, record.position());
        rows.push(row(&record, line, rules).map_err(|problem| LineError { line, problem })?);
    }
    Ok(rows)
}

fn row(record: &csv::StringRecord, line: u64, rules: &Rules<'_>) -> Result<Row, String> {
    let field = |at: usize| record.get(at).unwrap_or_default();
    let email = super::email(field(0))?;
    let name = super::name(field(1))?;
    let business_id = match field(2).trim() {
        "" => None,
        number => Some(number.parse::<BusinessId>()?),
    };
    let password = match field(3) {
        "" => Given::Nothing,
        text => rules.password(text, &email, &name, business_id)?,
    };
    Ok(Row {
        line,
        id: None,
        email,
        name,
        business_id,
        locale: None,
        password,
        must_reset: false,
        suspended: false,
        totp_secret: None,
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

fn unreadable(file: &[u8], error: &csv::Error) -> LineError {
    // The library's own message can quote the line, and with it a password.
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { len, .. } => {
            format!("expected {} fields, found {len}", HEADER.len())
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it is not CSV".to_owned(),
    };
    LineError {
        line: line(file, error.position()),
        problem,
    }
}
