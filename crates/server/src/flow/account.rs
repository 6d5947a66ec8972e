//! "My ways back in": what was changed in a case about one.
//!
//! Changing one is a case like any other (decision 5); nothing in here writes to the table of factors.

use keyward_core::{account::Action, case::Case, event::Event};

use super::{Flow, FlowError};
use crate::store::people::Factor;

impl Flow {
    /// The way back in that a case has added or removed. None: it has not, or it is about something else.
    pub async fn changed_way(&self, case: &Case) -> Result<Option<Factor>, FlowError> {
        let Some(person) = case.subject() else { return Ok(None) };
        let entries = self.entries(case.id()).await?;
        let last = |of: fn(&Event) -> bool| entries.iter().rev().find(|entry| of(&entry.event));
        match case.claim().action {
            Action::RemoveFactor => {
                let submitted = last(|event| matches!(event, Event::Submitted(_)));
                let Some(Event::Submitted(submission)) = submitted.map(|entry| &entry.event) else { return Ok(None) };
                let Some(id) = submission.factor else { return Ok(None) };
                Ok(self.store.factor(id).await?.filter(|factor| factor.person == person))
            }
            Action::EnrollFactor { method } => {
                // The entries say when it was bound, and hold nothing of it.
                let started = last(|event| matches!(event, Event::Started(_)));
                let recorded = last(|event| matches!(event, Event::Recorded(_)));
                let (Some(started), Some(recorded)) = (started, recorded) else { return Ok(None) };
                let within = started.at..=recorded.at;
                let mut factors = self.store.factors(person).await?;
                factors.retain(|factor| factor.method == method && within.contains(&factor.created));
                Ok(factors.pop())
            }
            Action::SetPassword | Action::Unlock => Ok(None),
        }
    }
}
