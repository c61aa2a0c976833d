//! What the layers above have the store do.

use std::sync::Arc;

use rusqlite::Connection;

use super::{StoreError, Tx};

type Mac = dyn Fn(&str, &[u8]) -> Result<[u8; 32], StoreError> + Send + Sync;

/// What a store is opened with besides its options. It knows neither keys nor what the rows mean.
#[derive(Clone)]
pub struct Hooks {
    /// Authenticates a message for a purpose, under a key that the database does not hold.
    pub mac: Arc<Mac>,
    /// Whether rows of an older program are still to be brought up to date. Asked at each opening, so it
    /// must be cheap.
    pub is_behind: fn(&Connection) -> Result<bool, StoreError>,
    /// Brings some of them up to date, in a transaction of its own; false when the rest is to be left as
    /// it is.
    pub catch_up: fn(&Tx<'_>) -> Result<bool, StoreError>,
}
