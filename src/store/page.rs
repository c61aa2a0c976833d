//! Long lists, a stretch at a time: read by keys rather than by counting rows, so that the millionth row
//! comes as fast as the first.

/// Where in a list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<K> {
    /// From its beginning.
    Start,
    /// Around the row of that key, or where it would stand.
    At(K),
    /// Up to its end.
    End,
}

/// A stretch of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub rows: Vec<T>,
    /// How many of them stand before the place that was asked for.
    pub at: usize,
    /// Whether there are rows before them.
    pub before: bool,
    /// Whether there are rows after them.
    pub after: bool,
}

impl<K> Place<K> {
    /// Reads up to `reach` rows before the place and up to `reach` from it on.
    ///
    /// `forward` returns rows from a key on (without one: from the beginning) in the list's order, and
    /// `backward` those before a key (without one: from the end), nearest first; both so many at most.
    pub fn page<T, E>(
        &self,
        reach: usize,
        forward: impl FnOnce(Option<&K>, usize) -> Result<Vec<T>, E>,
        backward: impl FnOnce(Option<&K>, usize) -> Result<Vec<T>, E>,
    ) -> Result<Page<T>, E> {
        let key = match self {
            Self::At(key) => Some(key),
            Self::Start | Self::End => None,
        };
        // One more than wanted tells whether there are more.
        let mut rows = match self {
            Self::Start => Vec::new(),
            Self::At(_) | Self::End => backward(key, reach + 1)?,
        };
        let before = rows.len() > reach;
        rows.truncate(reach);
        rows.reverse();
        let at = rows.len();
        let mut from_here = match self {
            Self::End => Vec::new(),
            Self::At(_) | Self::Start => forward(key, reach + 1)?,
        };
        let after = from_here.len() > reach;
        from_here.truncate(reach);
        rows.append(&mut from_here);
        Ok(Page {
            rows,
            at,
            before,
            after,
        })
    }
}

/// A pattern for `LIKE … ESCAPE '\'` that finds the text anywhere, whatever the case of its ASCII letters.
pub(crate) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
