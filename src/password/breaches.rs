//! A file of passwords that have been breached, as the public corpus is published: SHA-1 in
//! hexadecimal, one a line, sorted, each perhaps with a colon and a count behind. It can have tens of
//! gigabytes; it is searched where it stands.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Characters of a hash.
const HASH: usize = 40;

/// No line is longer, its end included.
const MAX_LINE: usize = 128;

/// How much of the file's beginning is looked at when it is opened.
const BEGINNING: usize = 64 * 1024;

const FORM: &str = "each line has the 40 hexadecimal digits of a SHA-1, and may have a colon and a \
                    count behind";

/// Why a file cannot be used. The messages are for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum BreachFileError {
    /// It cannot be opened or read.
    #[error("password.breach_file: cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is a folder or a device.
    #[error("password.breach_file: {0} is not a file")]
    NotAFile(PathBuf),
    /// A line is none of the form.
    #[error("password.breach_file: {path}: {line} is not of the form; {FORM}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which line.
        line: String,
    },
    /// Its lines are not in order, so that it cannot be searched.
    #[error(
        "password.breach_file: {path}: {line} is not in order; take the corpus that is sorted by hash, \
         or sort it with `LC_ALL=C sort`"
    )]
    Unsorted {
        /// The file.
        path: PathBuf,
        /// Which line.
        line: String,
    },
}

/// See the module.
#[derive(Debug)]
pub(super) struct BreachFile {
    file: File,
    path: PathBuf,
    length: u64,
}

type Hash = [u8; HASH];

impl BreachFile {
    /// Opens the file and looks at its beginning and its end.
    pub(super) fn open(path: &Path) -> Result<Self, BreachFileError> {
        let unreadable = |source| BreachFileError::Unreadable {
            path: path.to_owned(),
            source,
        };
        // Before it is opened: to open a pipe would wait for whoever writes into it.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(BreachFileError::NotAFile(path.to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let opened = Self {
            file,
            path: path.to_owned(),
            length,
        };
        opened.look()?;
        Ok(opened)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether the file holds this password.
    pub(super) fn holds(&self, password: &[u8]) -> io::Result<bool> {
        let wanted = sha1_hex(password);
        // The line, if there is one, begins in `low..high`; `low` is where some line begins.
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let (line, hash) = self.line_around(low, low + (high - low) / 2)?;
            match hash.cmp(&wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = line.end,
                std::cmp::Ordering::Greater => high = line.start,
            }
        }
        Ok(false)
    }

    /// The line that the byte at `middle` is part of, from its first byte to the first of the next.
    /// `low` is where some line begins, at `middle` or before.
    fn line_around(&self, low: u64, middle: u64) -> io::Result<(std::ops::Range<u64>, Hash)> {
        let malformed = || {
            let problem = format!("the line around byte {middle} is not of the form");
            io::Error::new(io::ErrorKind::InvalidData, problem)
        };
        let from = middle.saturating_sub(MAX_LINE as u64).max(low);
        let chunk = self.read(from, 2 * MAX_LINE)?;
        let middle_at = usize::try_from(middle - from).map_err(|_| malformed())?;
        let (before, behind) = chunk.split_at_checked(middle_at).ok_or_else(malformed)?;
        let start = match before.iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => newline + 1,
            None if from == low => 0,
            None => return Err(malformed()),
        };
        let end = match behind.iter().position(|&byte| byte == b'\n') {
            Some(newline) => middle_at + newline + 1,
            None if from + chunk.len() as u64 == self.length => chunk.len(),
            None => return Err(malformed()),
        };
        let hash = hash_of(&chunk[start..end]).ok_or_else(malformed)?;
        Ok((from + start as u64..from + end as u64, hash))
    }

    /// Up to so many bytes from there; fewer only at the end of the file.
    fn read(&self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let rest = usize::try_from(self.length - from).unwrap_or(usize::MAX);
        let mut chunk = vec![0; rest.min(most)];
        self.file.read_exact_at(&mut chunk, from)?;
        Ok(chunk)
    }

    /// Every line of the beginning must be of the form and in order, and so must the last one.
    fn look(&self) -> Result<(), BreachFileError> {
        let unreadable = |source| BreachFileError::Unreadable {
            path: self.path.clone(),
            source,
        };
        let malformed = |line: String| BreachFileError::Malformed {
            path: self.path.clone(),
            line,
        };
        let unsorted = |line: String| BreachFileError::Unsorted {
            path: self.path.clone(),
            line,
        };
        let beginning = self.read(0, BEGINNING).map_err(unreadable)?;
        let cut = beginning.len() as u64 != self.length;
        let mut lines: Vec<&[u8]> = beginning.split_inclusive(|&byte| byte == b'\n').collect();
        if cut && lines.len() > 1 {
            lines.pop();
        }
        let mut before: Option<Hash> = None;
        for (number, line) in (1..).zip(lines) {
            let shown = || format!("line {number}");
            let hash = hash_of(line).ok_or_else(|| malformed(shown()))?;
            if before.is_some_and(|before| before >= hash) {
                return Err(unsorted(shown()));
            }
            before = Some(hash);
        }
        let last = || "the last line".to_owned();
        let Some(before) = before else {
            return Err(malformed("the first line".to_owned()));
        };
        let (_, hash) = self
            .line_around(0, self.length - 1)
            .map_err(|_| malformed(last()))?;
        if hash < before {
            return Err(unsorted(last()));
        }
        Ok(())
    }
}

/// The hash that a line begins with, in upper case; none if it goes on like no line of the corpus.
fn hash_of(line: &[u8]) -> Option<Hash> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (hash, rest) = line.split_first_chunk::<HASH>()?;
    let count = match rest {
        [] => true,
        [b':', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (count && hash.iter().all(u8::is_ascii_hexdigit)).then(|| hash.map(|b| b.to_ascii_uppercase()))
}

fn sha1_hex(password: &[u8]) -> Hash {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password);
    let mut hash = [0; HASH];
    for (pair, byte) in hash.chunks_exact_mut(2).zip(digest.as_ref()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
    hash
}
