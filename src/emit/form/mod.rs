//! How a snippet looks: parts with their places, as text with markers around it, or as data.

mod block;
mod json;
mod part;
mod text;

pub use block::{Unmarked, replace};
pub use part::{Comment, Part, Place, Snippet};
pub use text::Heading;
