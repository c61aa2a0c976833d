//! Noticing that anybody, in whatever process, has changed the database.

use rusqlite::Connection;

use super::{OpenError, Options, StoreError, open};

/// A read-only connection that does nothing but notice.
pub struct Watch {
    connection: Connection,
    seen: i64,
}

impl Watch {
    /// Begins to watch a database that is there.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let connection = open::read_only(options)?;
        let mut watch = Self {
            connection,
            seen: 0,
        };
        // A database that cannot be asked now is asked again later.
        let _ = watch.changed();
        Ok(watch)
    }

    /// Whether something was committed since the last call. It looks at one number in shared memory
    /// (<https://www.sqlite.org/pragma.html#pragma_data_version>) and waits for nobody.
    pub fn changed(&mut self) -> Result<bool, StoreError> {
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        Ok(std::mem::replace(&mut self.seen, version) != version)
    }
}
