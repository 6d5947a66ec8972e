//! Who did something. What somebody claims to be and what was proved are different types (R3): a [`Claim`](crate::event::Claim) is never an actor.

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;

/// Who an entry of the log is from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Whoever sits at the browser. Nothing is known about them.
    Requester,
    /// The owner of the account, proved in this case or signed in.
    Person {
        /// Who.
        id: PersonId,
    },
    /// Somebody of the organization acting in their job: an approver, an agent, a reviewer.
    Staff {
        /// Who.
        id: PersonId,
    },
    /// Keyward itself.
    Keyward,
    /// Somebody with the right to run the command line on the server.
    Operator,
}
