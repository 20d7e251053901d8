//! Plays recorded exchanges against a controller, as the stories they are.

pub(crate) mod exchange;
pub(crate) mod left_out;
pub(crate) mod shape;
mod stage;
mod world;

pub(crate) use stage::Stage;
