//! The pure core of Fairground.

pub mod job;
pub mod message;
pub mod resources;
pub mod share;
pub mod time;
