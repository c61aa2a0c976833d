//! Medians, percentiles, and how sure they are.

use std::time::Duration;

use readmit::entropy::Entropy;

/// The value at `fraction` of the sorted sample.
pub(crate) fn quantile(sorted: &[Duration], fraction: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a sample"
    )]
    let at = (last as f64 * fraction).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// The middle of a sample, which is sorted in place.
pub(crate) fn median(sample: &mut [f64]) -> f64 {
    sample.sort_by(f64::total_cmp);
    sample.get(sample.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Median, smallest and largest, as `median (smallest to largest)`.
pub(crate) fn spread(sample: &mut [f64], unit: &str) -> String {
    let middle = median(sample);
    let (first, last) = (sample.first(), sample.last());
    format!(
        "{middle:.1} {unit} ({:.1} to {:.1})",
        first.copied().unwrap_or(f64::NAN),
        last.copied().unwrap_or(f64::NAN)
    )
}

/// The 95% interval of the median, by 2,000 bootstrap resamples with a fixed seed.
pub(crate) fn median_interval(sample: &[f64]) -> (f64, f64) {
    let entropy = Entropy::seeded(16);
    let mut medians: Vec<f64> = (0..2000)
        .map(|_| {
            let mut resample: Vec<f64> =
                (0..sample.len()).map(|_| pick(sample, &entropy)).collect();
            let middle = resample.len() / 2;
            *resample.select_nth_unstable_by(middle, f64::total_cmp).1
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    (medians[50], medians[1949])
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a random index into a sample"
)]
fn pick(sample: &[f64], entropy: &Entropy) -> f64 {
    sample[((entropy.fraction() * sample.len() as f64) as usize).min(sample.len() - 1)]
}

/// So many a second.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn rate(count: usize, span: Duration) -> f64 {
    count as f64 / span.as_secs_f64()
}
