//! `report`: what is in a data set, as one page to look at.

pub mod data;
mod numbers;
#[expect(dead_code, reason = "the engine and the pictures, which are joined next")]
mod spot;
