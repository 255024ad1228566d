//! Code for Grain: random access through `shardify.open`.

use super::{
    Facts,
    facts::pixels,
    python::{self, literal},
};
use crate::example::{Field, Role};

pub(super) fn code(facts: &Facts) -> String {
    let pair = facts.pair();
    let wanted: Vec<&Field> = match pair {
        Some((x, y)) => vec![x, y],
        None => facts.fields().collect(),
    };
    let is_odd = |field: &&Field| pixels(field).is_some_and(|shape| shape.contains(&None));
    let odd = wanted.iter().any(is_odd);
    let (imports, resize) = if odd {
        (
            "import numpy as np\nfrom PIL import Image\n",
            "def resized(pixels):  # of any size and colour; RGB of one size afterwards\n    \
                 picture = Image.fromarray(pixels if pixels.shape[2] > 2 else pixels[..., 0]).convert(\"RGB\")\n    \
                 return np.asarray(picture.resize((224, 224)))\n",
        )
    } else {
        ("", "")
    };
    let value = |field: &&Field| {
        let value = format!("record[{}]", literal(&field.key));
        if is_odd(field) { format!("resized({value})") } else { value }
    };
    let given = match pair {
        Some(_) => wanted.iter().map(value).collect::<Vec<_>>().join(", "),
        None => {
            let line = |field: &&Field| format!("        {}: {},\n", literal(&field.key), value(field));
            format!("{{\n{}    }}", wanted.iter().map(line).collect::<String>())
        }
    };
    let is_open = |field: &&Field| match &field.role {
        Role::Tensor { shape, .. } | Role::Strings { shape } => shape.contains(&None) && pixels(field).is_none(),
        _ => false,
    };
    // Lists of differing lengths make no array.
    let batch = if wanted.iter().any(is_open) { "batch(32, batch_fn=list)" } else { "batch(32)" };
    let variable = facts.variable();
    format!(
        "import grain\n\
         {imports}\
         import shardify\n\
         source = shardify.open({folder}, split={split}, decode=True)\n\
         {resize}\
         def values(record):\n    \
             return {given}\n\
         {variable} = grain.MapDataset.source(source).seed(0).shuffle().map(values).{batch}\n",
        folder = facts.folder(),
        split = python::literal(&facts.split),
    )
}
