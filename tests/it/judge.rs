//! What must hold of whatever comes from outside, however somebody came upon it: the attacks of `attack` make it
//! by its grammar, the fuzzers in `tests/fuzz` by what code it reaches.

pub(crate) mod addresses;
pub(crate) mod forms;
pub(crate) mod json;
pub(crate) mod relay_replies;
pub(crate) mod settings;
pub(crate) mod template_sources;
pub(crate) mod tokens;
