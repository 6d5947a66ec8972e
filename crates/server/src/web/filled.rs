//! What somebody sends with a page: a form that was filled in, or what its address says. Whoever sends a form that can not be read sees a page that
//! says so; no handler has to.

use std::convert::Infallible;

use axum::{
    Form, RequestExt as _,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::{
    answer::{Answer, stop},
    portal::Shared,
    views::outcome::StopReason,
    visit::Visit,
};

/// The fields.
pub struct Filled<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest<Shared> for Filled<T> {
    type Rejection = Answer;

    async fn from_request(mut request: Request, portal: &Shared) -> Result<Self, Answer> {
        let Ok(visit) = request.extract_parts_with_state::<Visit, Shared>(portal).await;
        match Form::from_request(request, portal).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(_) => Err(stop(&visit, StopReason::StaleForm)),
        }
    }
}

/// What stands behind the `?` of an address. It opens nothing, and what can not be read says nothing.
pub struct InAddress<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequestParts<Shared> for InAddress<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Infallible> {
        let said = Query::from_request_parts(parts, portal).await;
        Ok(Self(said.map(|Query(said)| said).unwrap_or_default()))
    }
}
