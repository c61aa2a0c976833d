//! More than the server can do: it says so at once, and goes on with what it has taken.
//! How fast it does, `cargo bench -- overload` measures.

mod connections;
mod descriptors;
mod late;
mod requests;
mod slow;
