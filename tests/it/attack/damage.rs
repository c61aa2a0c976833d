//! Good inputs with something wrong in them.

use std::fmt::{Debug, Formatter};

use proptest::prelude::*;
use proptest::sample::Index;

/// Bytes that a failure shows as they could be typed.
#[derive(Clone)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Debug for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One thing that goes wrong with a text.
#[derive(Clone, Debug)]
enum Blow {
    CutOff(Index),
    TakeOut(Index, usize),
    Double(Index, usize),
    PutIn(Index, &'static [u8]),
    Overwrite(Index, u8),
    Swap(Index, Index),
}

impl Blow {
    fn strike(&self, text: &mut Vec<u8>) {
        let span = |at: &Index, length: usize| {
            let start = at.index(text.len() + 1);
            start..(start + length).min(text.len())
        };
        match self {
            Self::CutOff(at) => text.truncate(at.index(text.len() + 1)),
            Self::TakeOut(at, length) => {
                let range = span(at, *length);
                text.drain(range);
            }
            Self::Double(at, length) => {
                let range = span(at, *length);
                let again = text[range.clone()].to_vec();
                text.splice(range.start..range.start, again);
            }
            Self::PutIn(at, piece) => {
                let start = at.index(text.len() + 1);
                text.splice(start..start, piece.iter().copied());
            }
            Self::Overwrite(at, byte) if !text.is_empty() => {
                let at = at.index(text.len());
                text[at] = *byte;
            }
            Self::Swap(one, other) if !text.is_empty() => {
                let length = text.len();
                text.swap(one.index(length), other.index(length));
            }
            Self::Overwrite(..) | Self::Swap(..) => {}
        }
    }
}

fn blow(pieces: &'static [&'static [u8]]) -> impl Strategy<Value = Blow> {
    prop_oneof![
        1 => any::<Index>().prop_map(Blow::CutOff),
        2 => (any::<Index>(), 1..8_usize).prop_map(|(at, length)| Blow::TakeOut(at, length)),
        2 => (any::<Index>(), 1..20_usize).prop_map(|(at, length)| Blow::Double(at, length)),
        4 => (any::<Index>(), proptest::sample::select(pieces))
            .prop_map(|(at, piece)| Blow::PutIn(at, piece)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Blow::Overwrite(at, byte)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Blow::Swap(one, other)),
    ]
}

/// What `whole` makes, with up to four things wrong with it, some of them one of these pieces too many.
pub(super) fn damaged(
    whole: impl Strategy<Value = Vec<u8>>,
    pieces: &'static [&'static [u8]],
) -> impl Strategy<Value = Bytes> {
    let blows = proptest::collection::vec(blow(pieces), 0..5);
    (whole, blows).prop_map(|(mut text, blows)| {
        for blow in blows {
            blow.strike(&mut text);
        }
        Bytes(text)
    })
}
