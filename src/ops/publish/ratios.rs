//! Splits by ratio, as a user writes them.

use std::str::FromStr;

use crate::{item::split_name_fault, shard::Ratios};

/// Parses `train=0.8,validation=0.1,test=0.1`.
impl FromStr for Ratios {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut ratios: Vec<(String, f64)> = Vec::new();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or_else(|| {
                format!("`{part}` is no share of a split: expected NAME=SHARE, as in train=0.8,test=0.2")
            })?;
            let name = name.trim();
            if let Some(fault) = split_name_fault(name) {
                return Err(format!("`{name}` cannot name a split: {fault}"));
            }
            let share: f64 = match share.trim().parse() {
                Ok(share) if share > 0.0 && share <= 1.0 => share,
                _ => {
                    return Err(format!(
                        "`{}` is no share: expected a number above 0 and up to 1, as in 0.8",
                        share.trim()
                    ));
                }
            };
            if ratios.iter().any(|(other, _)| other == name) {
                return Err(format!("split `{name}` is named twice"));
            }
            ratios.push((name.to_owned(), share));
        }
        let sum: f64 = ratios.iter().map(|(_, share)| share).sum();
        if (sum - 1.0).abs() > 1e-6 {
            // Rounded, since a sum of decimal fractions is hardly ever what was typed.
            return Err(format!("the shares sum to {}, not to 1", (sum * 1e6).round() / 1e6));
        }
        Ok(Self(ratios))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios() {
        let ratios = "train=0.8,validation=0.1,test=0.1".parse::<Ratios>().unwrap();
        assert_eq!(ratios.0.len(), 3);
        for (bad, part) in [
            ("train=0.8,test=0.1", "sum to 0.9"),
            ("train", "NAME=SHARE"),
            ("train=0,test=1", "above 0"),
            ("train=NaN", "above 0"),
            ("a=0.5,a=0.5", "twice"),
            ("all=1", "TFDS"),
            ("../x=1", "must start"),
        ] {
            let error = bad.parse::<Ratios>().unwrap_err();
            assert!(error.contains(part), "{bad:?}: {error}");
        }
    }
}
