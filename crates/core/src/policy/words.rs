//! Facts in Cedar's words: the entities and the context of a question, as the schema names them.

use std::collections::HashMap;

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};

use super::{Facts, Gate, PolicyError};
use crate::{
    account::{Action, Class, Method},
    event::Door,
    steps::{authorize::Approvals, verify::Proofs},
};

/// What of the facts stands in the entities: all that they can be made of, and so what they can be remembered by.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Standing {
    class: Class,
    action: Action,
    door: Door,
    enrolled_strong: bool,
    proofs: Proofs,
    approvals: Approvals,
}

impl Standing {
    pub(super) fn of(facts: &Facts) -> Self {
        // Risk and time change more often than the rest, and stand in the context.
        let Facts { class, action, door, enrolled_strong, proofs, approvals, .. } = facts.clone();
        Self { class, action, door, enrolled_strong, proofs, approvals }
    }
}

/// What of the facts stands in the context, beside the entities.
pub(super) fn context(facts: &Facts) -> Result<Context, PolicyError> {
    use RestrictedExpression as X;
    Context::from_pairs([
        ("risk".to_owned(), X::new_long(facts.risk.score().into())),
        ("businessHours".to_owned(), X::new_bool(facts.business_hours)),
        ("waitedMinutes".to_owned(), X::new_long(facts.waited_min.into())),
    ])
    .map_err(|e| PolicyError::Words(e.to_string()))
}

/// The types of the schema, beside one for each kind of proof.
const TYPES: [&str; 6] = ["Action", "Requester", "Class", "Proofs", "Approvals", "Case"];

/// The attribute of the case and the type of entity for each kind of proof.
const fn proof_words(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::Passkey => ("passkey", "Passkey"),
        Method::InPerson => ("inPerson", "InPerson"),
        Method::Totp => ("totp", "Totp"),
        Method::RecoveryCode => ("recoveryCode", "RecoveryCode"),
        Method::KnownDevice => ("knownDevice", "KnownDevice"),
        Method::Email => ("email", "Email"),
        Method::DirectoryPassword => ("directoryPassword", "DirectoryPassword"),
    }
}

/// The types of the schema by their names, parsed once.
pub(super) struct Words(HashMap<&'static str, EntityTypeName>);

impl Words {
    pub(super) fn new() -> Result<Self, PolicyError> {
        let names = TYPES.into_iter().chain(Method::ALL.map(|method| proof_words(method).1));
        let parse = |name: &'static str| match format!("Keyward::{name}").parse::<EntityTypeName>() {
            Ok(parsed) => Ok((name, parsed)),
            Err(error) => Err(PolicyError::Words(error.to_string())),
        };
        names.map(parse).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, PolicyError> {
        let kind = self.0.get(kind).ok_or_else(|| PolicyError::Words(format!("there is no type `{kind}`")))?;
        Ok(EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id)))
    }

    pub(super) fn action(&self, gate: Gate) -> Result<EntityUid, PolicyError> {
        self.uid("Action", gate.word())
    }

    pub(super) fn case(&self) -> Result<EntityUid, PolicyError> {
        self.uid("Case", "case")
    }

    /// The class, and the wider one that it is part of.
    pub(super) fn class(&self, class: Class) -> Result<(EntityUid, Option<EntityUid>), PolicyError> {
        let wider = match class {
            Class::Finance | Class::Hr | Class::Executive => Some(self.uid("Class", "elevated")?),
            Class::Standard | Class::Machine | Class::Admin => None,
        };
        Ok((self.uid("Class", class.word())?, wider))
    }

    pub(super) fn entities(&self, facts: &Standing, schema: &Schema) -> Result<Entities, PolicyError> {
        use RestrictedExpression as X;
        let wrong = |e: &dyn std::fmt::Display| PolicyError::Words(e.to_string());
        let make = |uid: EntityUid, attributes: Vec<(&str, X)>, parent: Option<EntityUid>| {
            let attributes: HashMap<String, X> =
                attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Entity::new(uid, attributes, parent.into_iter().collect()).map_err(|e| wrong(&e))
        };
        let number = |name: &'static str, n: u32| (name, X::new_long(n.into()));
        let (own, wider) = self.class(facts.class)?;
        let (proofs, approvals) = (self.uid("Proofs", "case")?, self.uid("Approvals", "case")?);
        let mut case = vec![
            ("action", X::new_string(facts.action.word().to_owned())),
            ("door", X::new_string(facts.door.word().to_owned())),
            ("enrolledStrong", X::new_bool(facts.enrolled_strong)),
            ("proofs", X::new_entity_uid(proofs.clone())),
            ("approvals", X::new_entity_uid(approvals.clone())),
        ];
        let summed = vec![number("independent", facts.proofs.independent), number("strong", facts.proofs.strong)];
        let agreed = vec![number("people", facts.approvals.people), number("groups", facts.approvals.groups)];
        let mut all = vec![
            make(self.uid("Requester", "anyone")?, vec![], None)?,
            make(proofs, summed, None)?,
            make(approvals, agreed, None)?,
        ];
        for method in Method::ALL {
            let (attribute, kind) = proof_words(method);
            let uid = self.uid(kind, "case")?;
            case.push((attribute, X::new_entity_uid(uid.clone())));
            let given = X::new_bool(facts.proofs.methods.contains(&method));
            all.push(make(uid, vec![("given", given)], None)?);
        }
        if let Some(wider) = wider.clone() {
            all.push(make(wider, vec![], None)?);
        }
        all.push(make(own.clone(), vec![], wider)?);
        all.push(make(self.case()?, case, Some(own))?);
        Entities::from_entities(all, Some(schema)).map_err(|e| wrong(&e))
    }
}
