//! A new address, bound: named, sent a code, and taken only when the code has come back (N-10). Nobody floods a mailbox from here: the flow counts.

use axum::http::StatusCode;
use keyward_core::account::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    call::{Call, Held, KEEP_KEY_MS},
    enrollment::{FirstCode, binds, bound},
    json::Input,
    problem::{Kind, Problem},
    proofs::{MessageAsked, key},
    reply::{Answer, Reply},
    view::CaseView,
};
use crate::flow::NotThisAddress;

/// An address to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    /// The address. Mail goes to it as it is written here.
    #[schema(min_length = 3, max_length = 254, example = "mike@elsewhere.example")]
    address: String,
}
impl Input for NewAddress {}

/// An address that a code goes to.
#[derive(Serialize, ToSchema)]
pub struct AddressOffered {
    /// The key of the dialog, for the code that comes back. A code confirms the address of its dialog and no other.
    dialog: String,
    /// When the code ends.
    #[schema(format = DateTime)]
    until: String,
    /// When another may be asked for.
    #[schema(format = DateTime)]
    again: String,
}

/// Whose code to send again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAgain {
    /// The key of the dialog, as it came when the address was named.
    #[schema(format = Password, write_only)]
    dialog: String,
}
impl Input for CodeAgain {}

const fn rule(refused: NotThisAddress) -> &'static str {
    match refused {
        NotThisAddress::Shape => "shape",
        NotThisAddress::Own => "own",
        NotThisAddress::Already => "already",
    }
}

/// Name a new address
///
/// A code is sent there. The mailbox that the account itself opens can not be one (`own`), nor one that is there already (`already`).
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/email", tag = "enrollment", operation_id = "offer_address", request_body = NewAddress, security(("case_key" = [])),
    responses((status = 202, description = "A code is on its way.", body = AddressOffered)))]
pub async fn offer(call: Call<Held, NewAddress>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let Call { caller: held, input, .. } = call;
        let offered = held.flow().offer_address(&held.case, held.browser, input.address.trim()).await;
        let offered = offered.map_err(|error| held.failed(&error))?;
        let dialog = offered.map_err(|refused| Problem::address_refused(rule(refused)))?;
        let MessageAsked { until, again } = MessageAsked::now(&held);
        let body = AddressOffered { dialog: dialog.reveal().expose().clone(), until, again };
        Ok(Reply::json(StatusCode::ACCEPTED, &body))
    })
    .await
}

/// Ask for another code to a new address
///
/// The earlier one stays good for its own time.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/email/again", tag = "enrollment", operation_id = "offer_address_again", request_body = CodeAgain, security(("case_key" = [])),
    responses((status = 202, description = "Another code is on its way.", body = MessageAsked)))]
pub async fn again(call: Call<Held, CodeAgain>) -> Answer {
    call.once(|call| async move {
        let Call { caller: held, input, .. } = call;
        binds(&held, Method::Email)?;
        let sent = held.flow().offer_again(&held.case, held.browser, &key(&input.dialog)?).await;
        if sent.map_err(|error| held.failed(&error))? {
            Ok(Reply::json(StatusCode::ACCEPTED, &MessageAsked::now(&held)))
        } else {
            Err(Kind::NoMoreMessages.into())
        }
    })
    .await
}

/// Bind a new address by the code that came back
///
/// Five tries for each code.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/email_code", tag = "enrollment", operation_id = "bind_address", request_body = FirstCode, security(("case_key" = [])),
    responses((status = 202, description = "It is taken.", body = CaseView)))]
pub async fn code(call: Call<Held, FirstCode>) -> Answer {
    call.once(|call| async move {
        let Call { caller: held, input, .. } = call;
        binds(&held, Method::Email)?;
        let (dialog, code) = input.read()?;
        let made = held.flow().confirm_address(&held.case, held.browser, &dialog, &code).await;
        let record = made.map_err(|error| held.failed(&error))?.ok_or(Problem::from(Kind::NotConfirmed))?;
        bound(&held, &record).await
    })
    .await
}
