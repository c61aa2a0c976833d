//! What is inside an encrypted backup: the database, then the files of the key folder.
//!
//! Each file is its name's length (2 bytes, big-endian), its name, its own length (8 bytes) and its
//! content; a name of no length ends the list. The database is called `database`, a key `keys/` and its name.

use std::io::{self, Read, Write};

use secrecy::zeroize::Zeroizing;

use super::container::ContainerError;

pub(super) const DATABASE: &str = "database";
const KEYS: &str = "keys/";

/// No key comes near it.
const LARGEST_KEY: u64 = 64 * 1024;

/// Writes the database, of which `size` bytes are read.
pub(super) fn write_database(
    to: &mut impl Write,
    database: &mut impl Read,
    size: u64,
) -> io::Result<()> {
    write_head(to, DATABASE, size)?;
    let copied = io::copy(&mut database.take(size), to)?;
    if copied == size {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

pub(super) fn write_key(to: &mut impl Write, name: &str, content: &[u8]) -> io::Result<()> {
    write_head(to, &format!("{KEYS}{name}"), content.len() as u64)?;
    to.write_all(content)
}

pub(super) fn write_end(to: &mut impl Write) -> io::Result<()> {
    to.write_all(&[0; 2])
}

fn write_head(to: &mut impl Write, name: &str, size: u64) -> io::Result<()> {
    let length = u16::try_from(name.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(name.as_bytes())?;
    to.write_all(&size.to_be_bytes())
}

/// A file of the key folder.
pub(super) struct KeyFile {
    pub(super) name: String,
    pub(super) content: Zeroizing<Vec<u8>>,
}

/// Reads it all; the database goes to `database`. What is in it was authenticated, so what does not fit
/// was written by another program.
pub(super) fn read(
    from: &mut impl Read,
    database: &mut impl Write,
) -> Result<Vec<KeyFile>, ContainerError> {
    let mut keys = Vec::new();
    let Some((name, size)) = read_head(from)? else {
        return Err(ContainerError::Damaged);
    };
    if name != DATABASE || io::copy(&mut from.take(size), database).map_err(inner)? != size {
        return Err(ContainerError::Damaged);
    }
    while let Some((name, size)) = read_head(from)? {
        let name = name.strip_prefix(KEYS).filter(|name| is_key_name(name));
        let Some(name) = name.filter(|_| size <= LARGEST_KEY) else {
            return Err(ContainerError::Damaged);
        };
        let mut content = Zeroizing::new(Vec::new());
        from.take(size).read_to_end(&mut content).map_err(inner)?;
        keys.push(KeyFile {
            name: name.to_owned(),
            content,
        });
    }
    // The last chunk is authenticated by being read to its end.
    if io::copy(from, &mut io::sink()).map_err(inner)? == 0 {
        Ok(keys)
    } else {
        Err(ContainerError::Damaged)
    }
}

fn read_head(from: &mut impl Read) -> Result<Option<(String, u64)>, ContainerError> {
    let mut length = [0; 2];
    from.read_exact(&mut length).map_err(inner)?;
    let length = usize::from(u16::from_be_bytes(length));
    if length == 0 {
        return Ok(None);
    }
    let mut name = vec![0; length];
    from.read_exact(&mut name).map_err(inner)?;
    let name = String::from_utf8(name).map_err(|_| ContainerError::Damaged)?;
    let mut size = [0; 8];
    from.read_exact(&mut size).map_err(inner)?;
    Ok(Some((name, u64::from_be_bytes(size))))
}

/// A name that stays within the folder, and that the folder does not keep for itself.
fn is_key_name(name: &str) -> bool {
    !name.starts_with('.') && !name.contains(['/', '\0']) && !name.is_empty()
}

/// What the layer below has said.
fn inner(error: io::Error) -> ContainerError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return ContainerError::Damaged;
    }
    match error.downcast::<ContainerError>() {
        Ok(error) => error,
        Err(error) => ContainerError::Io(error),
    }
}
