//! Inputs that somebody made to do harm: each costs no more than a fair input of its kind, ends with a message, and touches
//! nothing of others.

mod bombs;
mod journals;
mod leftovers;
mod metadata;
mod names;
mod places;
mod run;
mod together;
