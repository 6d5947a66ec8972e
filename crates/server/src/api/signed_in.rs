//! A request by somebody who is signed in: by whom, with what in it, and whether it was sent before. The one authority is the key of the
//! session in the `Authorization` header, as a case's key is for its case; neither is anything to the other.

use axum::{
    extract::{FromRequestParts, Path, Query, rejection::PathRejection},
    http::request::Parts,
};
use keyward_core::ids::FactorId;
use serde::Deserialize;

use super::{
    call::{Caller, bearer},
    problem::{Kind, Problem},
};
use crate::{
    flow::{Flow, FlowError, OwnWay, Present, Standing},
    token::Token,
    web::{portal::Shared, visit::Visit},
};

/// How many items a page of a list has if nothing is said, and at most.
const USUAL: usize = 30;
const MOST: usize = 100;

/// Somebody who is signed in.
pub struct Me {
    /// The request.
    pub visit: Visit,
    /// Who.
    pub present: Present,
}

/// Who is signed in with a key.
pub async fn present(flow: &Flow, key: Option<&Token>) -> Result<Option<Present>, FlowError> {
    let Some(key) = key else { return Ok(None) };
    // Not only whether there is a session: the one that it takes the place of ends with the first look (V7.2.4).
    match flow.standing(key).await? {
        Standing::SignedIn(present) => Ok(Some(present)),
        Standing::Nothing | Standing::Waiting | Standing::Refused => Ok(None),
    }
}

/// A request with a key of which nothing is known yet.
pub struct Bearer {
    /// The request.
    pub visit: Visit,
    /// The key.
    pub key: Token,
}

impl FromRequestParts<Shared> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Problem> {
        let Ok(visit) = Visit::from_request_parts(parts, portal).await;
        bearer(&parts.headers).map(|key| Self { visit, key }).ok_or(Kind::NotSignedIn.into())
    }
}

impl FromRequestParts<Shared> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Problem> {
        let Bearer { visit, key } = Bearer::from_request_parts(parts, portal).await?;
        match present(&portal.flow, Some(&key)).await {
            Ok(Some(present)) => Ok(Self { visit, present }),
            Ok(None) => Err(Kind::NotSignedIn.into()),
            Err(error) => Err(Problem::of(&error, visit.at)),
        }
    }
}

impl Caller for Me {
    fn visit(&self) -> &Visit {
        &self.visit
    }
    fn name(&self) -> String {
        self.present.session.to_string()
    }
}

impl Me {
    /// The flow.
    pub fn flow(&self) -> &Flow {
        &self.visit.portal.flow
    }

    /// An error as a problem.
    pub fn failed(&self, error: &FlowError) -> Problem {
        Problem::of(error, self.visit.at)
    }

    /// Their ways back in that live, oldest first.
    pub async fn ways(&self) -> Result<Vec<OwnWay>, Problem> {
        let ways = self.flow().own_ways(self.present.person, None).await.map_err(|error| self.failed(&error))?;
        Ok(ways.into_iter().filter(|way| way.alive).collect())
    }
}

/// A way back in that an address names.
pub struct NamedWay(pub FactorId);

impl FromRequestParts<Shared> for NamedWay {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Problem> {
        let named: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, portal).await;
        let id = named.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or(Kind::NoSuchWay.into())
    }
}

/// The query of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Which part of a list is wanted.
pub struct Part {
    /// What came as `next` with the part before.
    pub cursor: Option<String>,
    /// How many items at most.
    pub limit: usize,
}

impl FromRequestParts<Shared> for Part {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Problem> {
        let asked: Result<Query<Asked>, _> = Query::from_request_parts(parts, portal).await;
        let Ok(Query(Asked { cursor, limit })) = asked else { return Err(Kind::DoesNotFit.into()) };
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Kind::DoesNotFit.into());
        }
        Ok(Self { cursor, limit })
    }
}
