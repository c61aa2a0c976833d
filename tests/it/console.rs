//! The console: keys pressed on its model, and what stands in the buffer then.

mod acts;
mod desk;
mod editor;
mod lists;
mod manners;
mod pages;
mod pictures;
mod settings;
mod templates;
mod terminal;
mod versions;
mod views;
mod writing;
