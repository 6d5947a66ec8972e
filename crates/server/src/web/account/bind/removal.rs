//! Which way back in is removed. The list is seen only when the gate is open: what somebody has is nobody else's business (UX-04).

use keyward_core::ids::FactorId;

use super::{Sent, draft};
use crate::{
    flow::{FlowError, Handed, OwnWay},
    web::{
        answer::{Answered, ask},
        applicant::{Here, hand},
        views::me_change::{ChooseWay, OneWay},
    },
};

pub(super) async fn page(here: &Here, nothing_chosen: bool) -> Answered {
    Ok(ask(&here.or_page(view(here, nothing_chosen).await)?, nothing_chosen))
}

async fn view(here: &Here, nothing_chosen: bool) -> Result<ChooseWay, FlowError> {
    let flow = &here.visit.portal.flow;
    let chosen = draft(here).await?.and_then(|draft| draft.chosen());
    let one = |way: &OwnWay| OneWay {
        value: way.id.to_string(),
        kind: way.method.into(),
        name: way.name.clone(),
        made: way.made,
        checked: chosen == Some(way.id),
    };
    let removable = flow.removable(&here.case).await?;
    Ok(ChooseWay {
        shell: here.shell(),
        case: here.head(),
        ways: removable.free.iter().map(one).collect(),
        used: removable.used.iter().map(one).collect(),
        nothing_chosen,
    })
}

pub(super) async fn handed(here: &Here, sent: Sent) -> Answered {
    let id = sent.factor.and_then(|text| text.parse::<FactorId>().ok());
    let removable = here.or_page(here.visit.portal.flow.removable(&here.case).await)?;
    match id.filter(|id| removable.free.iter().any(|way| way.id == *id)) {
        Some(id) => Ok(hand(here, Handed::End(id)).await),
        None => page(here, true).await,
    }
}
