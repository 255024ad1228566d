//! Code for PyTorch: random access through `shardify.open`, batches by a `DataLoader` with workers.

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
    let odd = wanted.iter().filter_map(|field| pixels(field)).any(|shape| shape.contains(&None));
    let image = match (wanted.iter().any(|field| pixels(field).is_some()), odd) {
        (false, _) => "",
        (true, false) => {
            "def image(pixels):  # height, width, channels become channels, height, width\n    \
                 return torch.tensor(pixels).permute(2, 0, 1)\n"
        }
        (true, true) => {
            "def image(pixels):  # of any size and colour; RGB of one size afterwards\n    \
                 pixels = torch.tensor(pixels).permute(2, 0, 1).float()\n    \
                 pixels = pixels[:3] if len(pixels) > 2 else pixels[:1].expand(3, -1, -1)\n    \
                 return torch.nn.functional.interpolate(pixels[None], (224, 224), mode=\"bilinear\", antialias=True)[0]\n"
        }
    };
    let values: Vec<(String, String)> = wanted.iter().map(|field| (literal(&field.key), value(field))).collect();
    let given = match pair {
        Some(_) => values.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", "),
        None => {
            let lines: Vec<String> = values.iter().map(|(key, value)| format!("        {key}: {value},\n")).collect();
            format!("{{\n{}    }}", lines.concat())
        }
    };
    let variable = facts.variable();
    format!(
        "import shardify\n\
         import torch\n\
         source = shardify.open({folder}, split={split}, decode=True)\n\
         {image}\
         def collate(records):\n    \
             return {given}\n\
         {variable} = torch.utils.data.DataLoader(\n    \
             source, batch_size=32, shuffle=True, num_workers=2, collate_fn=collate\n\
         )\n",
        folder = facts.folder(),
        split = python::literal(&facts.split),
    )
}

/// The values of a feature in a batch of records.
fn value(field: &Field) -> String {
    let each = format!("record[{}]", literal(&field.key));
    let of_all = |item: &str| format!("[{item} for record in records]");
    if pixels(field).is_some() {
        return format!("torch.stack({})", of_all(&format!("image({each})")));
    }
    match &field.role {
        Role::ClassLabel { .. } => format!("torch.tensor({})", of_all(&each)),
        Role::Tensor { shape, .. } if !shape.contains(&None) => {
            format!("torch.stack({})", of_all(&format!("torch.tensor({each})")))
        }
        Role::Tensor { .. } => of_all(&format!("torch.tensor({each})")),
        _ => of_all(&each),
    }
}
