//! Plays recorded exchanges against a controller, as the stories they are.

mod compare;
mod cues;
pub(crate) mod exchange;
pub(crate) mod left_out;
mod papers;
mod people;
pub(crate) mod shape;
mod signers;
mod stage;
mod verdicts;
mod world;

pub(crate) use stage::Stage;
