//! A strict reader of the text format of Prometheus 0.0.4, which takes only what its documentation allows
//! and its rules for names advise.

use std::collections::{BTreeMap, BTreeSet};

/// One sample.
#[derive(Debug)]
pub(super) struct Sample {
    /// As it is written: name and labels.
    series: String,
    labels: Vec<(String, String)>,
    pub(super) value: f64,
}

/// A family of samples.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: String,
    pub(super) samples: Vec<Sample>,
}

impl Family {
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        let all = self.samples.iter().flat_map(|sample| &sample.labels);
        all.map(|(name, _)| name.as_str())
    }
}

/// All of a scrape.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) families: BTreeMap<String, Family>,
}

impl Scrape {
    /// The value of a series, as it is written; 0 for one that is not there yet.
    pub(super) fn value(&self, series: &str) -> f64 {
        let samples = self.families.values().flat_map(|family| &family.samples);
        let mut found = samples.filter(|sample| sample.series == series);
        found.next().map_or(0.0, |sample| sample.value)
    }

    pub(super) fn series(&self) -> BTreeSet<String> {
        let samples = self.families.values().flat_map(|family| &family.samples);
        samples.map(|sample| sample.series.clone()).collect()
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

pub(super) fn parse(text: &str) -> Scrape {
    assert!(text.ends_with('\n'), "the last line has no end");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current: Option<Family> = None;
    let mut seen = BTreeSet::new();
    let mut close = |family: Option<Family>| {
        if let Some(family) = family {
            check(&family);
            let name = family.name.clone();
            assert!(
                families.insert(name.clone(), family).is_none(),
                "{name} twice"
            );
        }
    };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            close(current.take());
            let (name, help) = rest.split_once(' ').expect("a text");
            assert!(is_name(name), "{name}");
            current = Some(Family {
                name: name.to_owned(),
                help: help.to_owned(),
                kind: String::new(),
                samples: Vec::new(),
            });
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            let family = current.as_mut().expect("HELP comes before TYPE");
            assert_eq!(family.name, name);
            assert_eq!(family.kind, "", "a second TYPE of {name}");
            assert!(family.samples.is_empty(), "{name}: samples before TYPE");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            kind.clone_into(&mut family.kind);
        } else {
            let family = current.as_mut().expect("a family");
            let sample = sample(line);
            assert!(
                seen.insert(sample.series.clone()),
                "{} twice",
                sample.series
            );
            family.samples.push(sample);
        }
    }
    close(current);
    Scrape { families }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
    assert!(value.is_finite() && value >= 0.0, "{line}");
    let labels = match series.split_once('{') {
        None => Vec::new(),
        Some((_, rest)) => labels(rest.strip_suffix('}').expect("a bracket")),
    };
    let names: BTreeSet<_> = labels.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), labels.len(), "a label twice: {line}");
    Sample {
        series: series.to_owned(),
        labels,
        value,
    }
}

fn labels(mut rest: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name), "{name}");
        let (mut value, mut end, mut escaped) = (String::new(), None, false);
        for (place, c) in after.char_indices() {
            match c {
                _ if escaped => {
                    assert!(matches!(c, '\\' | '"' | 'n'), "{after}");
                    value.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    end = Some(place);
                    break;
                }
                c => value.push(c),
            }
        }
        labels.push((name.to_owned(), value));
        let behind = &after[end.expect("a quotation mark") + 1..];
        rest = behind.strip_prefix(',').unwrap_or(behind);
        assert_eq!(behind.is_empty(), rest.is_empty(), "a comma at the end");
        assert!(rest.is_empty() || behind.starts_with(','), "{behind}");
    }
    labels
}

/// The buckets of a histogram by their bounds, its sum and its count.
type Parts = (Vec<(f64, f64)>, Option<f64>, Option<f64>);

/// What the type of a family asks of its name and its samples.
fn check(family: &Family) {
    let Family { name, kind, .. } = family;
    assert_ne!(kind, "", "{name} has no type");
    assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
    if kind != "histogram" {
        for sample in &family.samples {
            let own = sample.series.split('{').next();
            assert_eq!(own, Some(name.as_str()), "{}", sample.series);
        }
        return;
    }
    // By all labels but the bound.
    let mut series: BTreeMap<String, Parts> = BTreeMap::new();
    for sample in &family.samples {
        let own = sample.series.split('{').next().expect("a name");
        let suffix = own.strip_prefix(name.as_str()).expect("its family's name");
        let (bounds, rest): (Vec<_>, Vec<_>) =
            sample.labels.iter().partition(|(label, _)| label == "le");
        let (buckets, sum, count) = series.entry(format!("{rest:?}")).or_default();
        match (suffix, bounds.as_slice()) {
            ("_bucket", [(_, bound)]) => {
                let bound = match bound.as_str() {
                    "+Inf" => f64::INFINITY,
                    bound => bound.parse().expect("a bound"),
                };
                buckets.push((bound, sample.value));
            }
            ("_sum", []) => *sum = Some(sample.value),
            ("_count", []) => *count = Some(sample.value),
            _ => panic!("{}", sample.series),
        }
    }
    for (labels, (buckets, sum, count)) in series {
        let ascends = buckets
            .windows(2)
            .all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1);
        assert!(ascends, "{name} {labels}: {buckets:?}");
        let (last, all) = buckets.last().expect("buckets");
        assert!(last.is_infinite() && Some(*all) == count, "{name} {labels}");
        assert!(sum.is_some(), "{name} {labels}");
    }
}
