//! The relaxed forms of headers and body, in which mail is signed (RFC 6376, 3.4.2 and 3.4.4).

/// A header field.
pub(super) struct Header {
    /// Its name in lower case.
    name: String,
    /// In the relaxed form, with its end of line.
    relaxed: Vec<u8>,
}

impl Header {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn relaxed(&self) -> &[u8] {
        &self.relaxed
    }
}

/// The headers with the end of line of the last one, and the body. None without an empty line between.
pub(super) fn split(mail: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = mail.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&mail[..end + 2], &mail[end + 4..]))
}

/// Each header field, unfolded, its name in lower case, runs of blanks as one, none around the colon or
/// at the end.
pub(super) fn headers(text: &[u8]) -> Vec<Header> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match fields.last_mut() {
            Some(field) if line.first().is_some_and(|&byte| is_blank(byte)) => {
                field.extend_from_slice(line);
            }
            _ => fields.push(line.to_vec()),
        }
    }
    fields.iter().filter_map(|field| header(field)).collect()
}

fn header(field: &[u8]) -> Option<Header> {
    let colon = field.iter().position(|&byte| byte == b':')?;
    let name = std::str::from_utf8(&field[..colon]).ok()?;
    let name = name.trim_end_matches([' ', '\t']).to_ascii_lowercase();
    let mut relaxed = name.clone().into_bytes();
    relaxed.push(b':');
    let value = squeezed(&field[colon + 1..]);
    relaxed.extend_from_slice(value.strip_prefix(b" ").unwrap_or(&value));
    relaxed.extend_from_slice(b"\r\n");
    Some(Header { name, relaxed })
}

/// Runs of blanks in a line as one, none at its end, and no empty lines at the end of all.
pub(super) fn body(text: &[u8]) -> Vec<u8> {
    let mut relaxed = Vec::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = squeezed(line.strip_suffix(b"\r").unwrap_or(line));
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            relaxed.extend_from_slice(b"\r\n");
        }
        relaxed.extend_from_slice(&line);
        relaxed.extend_from_slice(b"\r\n");
    }
    relaxed
}

fn squeezed(line: &[u8]) -> Vec<u8> {
    let mut squeezed = Vec::with_capacity(line.len());
    for &byte in line {
        if !is_blank(byte) {
            squeezed.push(byte);
        } else if squeezed.last() != Some(&b' ') {
            squeezed.push(b' ');
        }
    }
    if squeezed.last() == Some(&b' ') {
        squeezed.pop();
    }
    squeezed
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
