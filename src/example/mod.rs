//! `tf.train.Example`: what the payload of a record conventionally is, and the schema of a data set of them.

mod encode;
mod numbers;
#[expect(missing_docs, reason = "generated from proto/example.proto")]
pub mod proto;
mod schema;
mod view;
mod wire;

pub use encode::{Around, MAX_EXAMPLE, Value};
pub use numbers::push_element;
pub use schema::{Encoding, Field, Kind, Role, Schema};
pub use view::{ExampleView, FeatureView};
pub use wire::Malformed;
