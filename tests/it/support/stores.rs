//! Stores without a deployment around them.

use std::sync::Arc;

use readmit::store::Hooks;

/// For tests of the store alone, which write nothing that is authenticated.
pub(crate) fn no_hooks() -> Hooks {
    Hooks {
        mac: Arc::new(|_, _| unreachable!("nothing is authenticated")),
        is_behind: |_| Ok(false),
        catch_up: |_| Ok(false),
    }
}
