//! Cedar alone: a question that was built beforehand, on the slice that answers it. The limit beside which [`Policy::ask`] is measured; decides nothing.

use std::sync::Arc;

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};

use super::{Facts, Gate, Policy, PolicyError};

/// A question that waits for its answer.
pub struct Bare {
    entities: Arc<Entities>,
    request: Request,
    slice: PolicySet,
}

impl Policy {
    /// Builds a question and does not ask it.
    pub fn bare(&self, gate: Gate, facts: &Facts) -> Result<Bare, PolicyError> {
        let (entities, request, slice) = self.question(gate, facts)?;
        Ok(Bare { entities, request, slice: slice.clone() })
    }
}

impl Bare {
    /// Asks it: whether some policy permits and none forbids.
    pub fn ask(&self) -> bool {
        let response = Authorizer::new().is_authorized(&self.request, &self.slice, &self.entities);
        response.decision() == Decision::Allow
    }
    /// How many policies may have a say.
    pub fn policies(&self) -> usize {
        self.slice.policies().count()
    }
}
