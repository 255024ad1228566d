//! Which records a view has, and in which order.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::{exceptions::PyIndexError, prelude::*};

/// Numbers of records.
#[derive(Debug)]
pub(super) enum Order {
    /// Every `step`th from `first` on.
    Range { first: u64, step: i64, len: u64 },
    /// These.
    List(Vec<u64>),
}

impl Order {
    pub(super) const fn all(len: u64) -> Self {
        Self::Range { first: 0, step: 1, len }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Range { len, .. } => *len,
            Self::List(list) => list.len() as u64,
        }
    }

    /// The record at a position; from the end if that is negative.
    pub(super) fn at(&self, position: i64) -> Option<u64> {
        let from_end = if position < 0 { i64::try_from(self.len()).ok()? } else { 0 };
        let position = u64::try_from(position.checked_add(from_end)?).ok()?;
        self.record(position)
    }

    fn record(&self, position: u64) -> Option<u64> {
        match self {
            Self::Range { first, step, len } if position < *len => {
                first.checked_add_signed(i64::try_from(position).ok()?.checked_mul(*step)?)
            }
            Self::Range { .. } => None,
            Self::List(list) => list.get(usize::try_from(position).ok()?).copied(),
        }
    }

    /// Where a record is in this order, if it is.
    pub(super) fn position(&self, record: u64) -> Option<u64> {
        match self {
            Self::Range { first, step, len } => {
                let away = i128::from(record) - i128::from(*first);
                let step = i128::from(*step);
                let position = u64::try_from(away.checked_div(step)?).ok()?;
                (away % step == 0 && position < *len).then_some(position)
            }
            Self::List(list) => list.iter().position(|other| *other == record).map(|position| position as u64),
        }
    }

    /// `len` positions of this order, from `first` on in steps.
    pub(super) fn slice(&self, first: i64, step: i64, len: u64) -> Option<Self> {
        if len == 0 {
            return Some(Self::List(Vec::new()));
        }
        // A step that nobody goes may be as large as it likes.
        let step = if len == 1 { 1 } else { step };
        match self {
            Self::Range { .. } if len == 1 => Some(Self::Range { first: self.at(first)?, step, len }),
            Self::Range { step: inner, .. } => {
                Some(Self::Range { first: self.at(first)?, step: inner.checked_mul(step)?, len })
            }
            Self::List(_) => {
                let positions = (0..i64::try_from(len).ok()?).map(|at| first.checked_add(at.checked_mul(step)?));
                positions.map(|position| self.at(position?)).collect::<Option<_>>().map(Self::List)
            }
        }
    }

    /// As Python holds it between processes: three numbers, or an array of records.
    pub(super) fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Range { first, step, len } => Ok((*first, *step, *len).into_pyobject(py)?.into_any()),
            Self::List(list) => Ok(PyArray1::from_slice(py, list).into_any()),
        }
    }

    /// What [`Order::to_python`] made, of records below `of`.
    pub(super) fn from_python(order: &Bound<'_, PyAny>, of: u64) -> PyResult<Self> {
        let order = match order.extract::<(u64, i64, u64)>() {
            Ok((first, step, len)) => Self::Range { first, step, len },
            Err(_) => Self::List(order.extract::<PyReadonlyArray1<'_, u64>>()?.as_slice()?.to_vec()),
        };
        let is_there = |record: Option<u64>| record.is_some_and(|record| record < of);
        let fits = match &order {
            Self::Range { len: 0, .. } => true,
            Self::Range { len, .. } => is_there(order.record(0)) && is_there(order.record(len - 1)),
            Self::List(list) => list.iter().all(|record| *record < of),
        };
        if fits { Ok(order) } else { Err(PyIndexError::new_err("the data set has fewer records than it had")) }
    }
}
