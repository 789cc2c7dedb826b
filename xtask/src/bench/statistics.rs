//! Medians and percentiles.

/// Numbers in ascending order.
#[derive(Debug)]
pub(super) struct Sorted(Vec<f64>);

impl Sorted {
    pub(super) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The nearest value to this percentile. `NaN` if there are no numbers.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last * percent + 50) / 100).copied().unwrap_or(f64::NAN)
    }

    pub(super) fn median(&self) -> f64 {
        self.percentile(50)
    }
}

#[cfg(test)]
mod tests {
    use super::Sorted;

    #[test]
    fn percentiles_are_values_at_their_rank() {
        let sorted = Sorted::new((0..=100).rev().map(f64::from).collect());
        assert_eq!([10, 50, 90].map(|p| sorted.percentile(p)), [10.0, 50.0, 90.0]);
        assert_eq!(sorted.median(), 50.0);
        assert_eq!(Sorted::new(vec![3.0]).percentile(90), 3.0);
        assert!(Sorted::new(Vec::new()).median().is_nan());
    }
}
