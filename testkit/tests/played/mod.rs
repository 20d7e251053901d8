//! Plays recorded exchanges against a controller, as the stories they are.

mod cluster;
mod compare;
mod cues;
pub(crate) mod exchange;
pub(crate) mod left_out;
mod oidc;
mod papers;
mod people;
pub(crate) mod shape;
mod signers;
mod stage;
mod verdicts;
mod world;

pub(crate) use cluster::Cluster;
pub(crate) use stage::Stage;
