//! Random acts of a member, of others, of an administrator and of the clock, each against a model of what
//! must come of it.

mod model;
mod world;

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use self::model::Model;
use self::world::World;
use super::{Effort, attack};

/// Which one of those that were given, counted back from the newest.
#[derive(Clone, Copy, Debug)]
struct Nth(u8);

impl Nth {
    /// Its place among so many, the oldest first; none if there are none.
    fn of(self, count: usize) -> Option<usize> {
        Some(count.checked_sub(1)? - usize::from(self.0) % count)
    }
}

/// One of [`PASSWORDS`].
type Word = usize;

const PASSWORDS: [&str; 4] = [
    "nine otters in the old mill",
    "seven herons on the quay",
    "eleven plums under a bridge",
    "short",
];

/// The one that is no password.
const WEAK: Word = 3;

/// Spans around the lives and waits that there are.
#[derive(Clone, Copy, Debug)]
enum Span {
    Second,
    Grace,
    Minute,
    LoginToken,
    Code,
    Link,
    Day,
    Session,
}

impl Span {
    const fn length(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Grace => Duration::from_secs(10),
            Self::Minute => Duration::from_mins(1),
            Self::LoginToken => Duration::from_mins(5),
            Self::Code => Duration::from_mins(10),
            Self::Link => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
            Self::Session => Duration::from_hours(15 * 24),
        }
    }
}

const SPANS: [Span; 8] = [
    Span::Second,
    Span::Grace,
    Span::Minute,
    Span::LoginToken,
    Span::Code,
    Span::Link,
    Span::Day,
    Span::Session,
];

/// What a member is given.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Access,
    Login,
    Refresh,
    Link,
}

const THINGS: [Thing; 4] = [Thing::Access, Thing::Login, Thing::Refresh, Thing::Link];

/// Something that happens.
#[derive(Clone, Debug)]
enum Act {
    AskForLink,
    Complete {
        link: Nth,
        password: Word,
    },
    AskForCode,
    Verify {
        code: Nth,
    },
    /// With a code that was never sent.
    GuessCode,
    Exchange {
        login: Nth,
    },
    SignIn {
        password: Word,
    },
    Refresh {
        token: Nth,
    },
    /// Asks who is signed in.
    LookIn {
        access: Nth,
    },
    /// Into another page.
    Carry {
        access: Nth,
    },
    ChangePassword {
        access: Nth,
        current: Word,
        new: Word,
    },
    SignOut {
        access: Nth,
    },
    /// A refresh token is revoked.
    GiveUp {
        token: Nth,
    },
    Suspend,
    LetIn,
    RequireReset,
    Wait(Span),
    StepBack(Span),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    // Mostly the newest, and the password that members begin with, so that much succeeds.
    let nth = || prop_oneof![2 => Just(0), 1 => 1..4_u8].prop_map(Nth);
    let word = || prop_oneof![2 => Just(0), 1 => 1..PASSWORDS.len()];
    let act = prop_oneof![
        6 => Just(Act::AskForLink),
        6 => (nth(), word()).prop_map(|(link, password)| Act::Complete { link, password }),
        5 => Just(Act::AskForCode),
        5 => nth().prop_map(|code| Act::Verify { code }),
        4 => Just(Act::GuessCode),
        8 => nth().prop_map(|login| Act::Exchange { login }),
        6 => word().prop_map(|password| Act::SignIn { password }),
        8 => nth().prop_map(|token| Act::Refresh { token }),
        4 => nth().prop_map(|access| Act::LookIn { access }),
        3 => nth().prop_map(|access| Act::Carry { access }),
        4 => (nth(), word(), word())
            .prop_map(|(access, current, new)| Act::ChangePassword { access, current, new }),
        2 => nth().prop_map(|access| Act::SignOut { access }),
        2 => nth().prop_map(|token| Act::GiveUp { token }),
        1 => Just(Act::Suspend),
        2 => Just(Act::LetIn),
        1 => Just(Act::RequireReset),
        8 => select(&SPANS[..]).prop_map(Act::Wait),
        2 => select(&SPANS[..6]).prop_map(Act::StepBack),
    ];
    proptest::collection::vec(act, 1..25)
}

/// Each sequence is of a member of its own, who knows the first password.
fn every_act_has_the_outcome_that_the_rules_say(effort: Effort) {
    let world = World::open();
    attack("sequences of acts", effort, &acts(), |acts| {
        let mut member = world.newcomer(0);
        let mut model = Model::new(0, world.now());
        for act in &acts {
            member.act(&mut model, act);
        }
        // In the end everything that was ever given is tried once more, the newest first.
        for thing in THINGS {
            for at in (0..model.count(thing)).rev() {
                let act = model.once_more(thing, at);
                member.act(&mut model, &act);
            }
        }
    });
}

/// Assertions 21 to 25, 28, 30, 34, 35, 44 to 46: what is used once works once, a reset ends everything
/// older, nobody who is shut out gets in, a code takes five tries, refresh tokens rotate, and everything
/// ends when it should, also by a clock that was stepped.
#[test]
fn no_sequence_of_acts_gets_anybody_further_than_the_rules_do() {
    every_act_has_the_outcome_that_the_rules_say(Effort::Cases(300));
}

#[test]
#[ignore = "takes some minutes"]
fn ten_thousand_sequences_of_acts() {
    every_act_has_the_outcome_that_the_rules_say(Effort::Told(10_000));
}
