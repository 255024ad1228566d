//! Means and deviations as code.

use crate::ops::report::data::Images;

/// Digits behind the point: those that a float32 can tell apart.
fn digits(number: f64) -> String {
    format!("{number:.6}")
}

fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|number| digits(*number)).collect::<Vec<_>>().join(", ")
}

/// Name, mean and deviation of each channel.
pub(super) fn moments(images: &Images) -> Vec<(&'static str, String, String)> {
    let names: &[&str] = if images.mean.len() == 1 { &["grey"] } else { &["red", "green", "blue"] };
    let moments = images.mean.iter().zip(&images.deviation);
    names.iter().zip(moments).map(|(name, (mean, deviation))| (*name, digits(*mean), digits(*deviation))).collect()
}

/// Code that normalises pictures.
pub(super) fn normalisation(images: &Images) -> Vec<(&'static str, String)> {
    let (mean, deviation) = (&images.mean, &images.deviation);
    let scaled = |numbers: &[f64]| list(&numbers.iter().map(|number| number * 255.0).collect::<Vec<_>>());
    let squares = list(&deviation.iter().map(|number| (number * 255.0).powi(2)).collect::<Vec<_>>());
    vec![
        (
            "Keras",
            format!(
                "import keras\n\n# Takes pixels from 0 to 255.\nnormalise = keras.layers.Normalization(\n    mean=[{}],\n    \
                 variance=[{squares}],\n)\n",
                scaled(mean)
            ),
        ),
        (
            "torchvision",
            format!(
                "from torchvision.transforms import v2\n\n# Takes pixels from 0 to 1.\nnormalise = v2.Normalize(\n    \
                 mean=[{}],\n    std=[{}],\n)\n",
                list(mean),
                list(deviation)
            ),
        ),
        (
            "NumPy",
            format!(
                "import numpy as np\n\nmean = np.float32([{}])\nstd = np.float32([{}])\n\n\ndef normalise(pixels):  # \
                 from 0 to 255\n    return (np.float32(pixels) / 255 - mean) / std\n",
                list(mean),
                list(deviation)
            ),
        ),
    ]
}
