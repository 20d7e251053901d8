//! Plays recorded exchanges against a controller, as the stories they are.

mod cues;
pub(crate) mod exchange;
pub(crate) mod left_out;
mod people;
pub(crate) mod shape;
mod stage;
mod verdicts;
mod world;

pub(crate) use stage::Stage;
