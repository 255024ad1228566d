//! `report`: what is in a data set, as one page to look at.

pub mod data;
