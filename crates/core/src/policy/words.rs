//! Facts in Cedar's words: the entities and the context of a question, as the schema names them.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};

use super::{Facts, Gate, PolicyError};
use crate::account::{Class, Method};

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

/// The names of the schema, parsed once.
pub(super) struct Words {
    types: HashMap<&'static str, EntityTypeName>,
    actions: HashMap<Gate, EntityUid>,
    fallback: EntityTypeName,
}

const TYPES: [&str; 12] = [
    "Requester",
    "Class",
    "Passkey",
    "InPerson",
    "Totp",
    "RecoveryCode",
    "KnownDevice",
    "Email",
    "DirectoryPassword",
    "Proofs",
    "Approvals",
    "Case",
];

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

impl Words {
    pub(super) fn new() -> Result<Self, PolicyError> {
        let parse = |name: &str| {
            format!("Keyward::{name}").parse::<EntityTypeName>().map_err(|e| PolicyError::Words(e.to_string()))
        };
        let action_type = parse("Action")?;
        Ok(Self {
            types: TYPES.iter().map(|name| Ok((*name, parse(name)?))).collect::<Result<_, PolicyError>>()?,
            actions: Gate::ALL
                .iter()
                .map(|gate| {
                    let id = EntityId::new(gate.word());
                    (*gate, EntityUid::from_type_name_and_id(action_type.clone(), id))
                })
                .collect(),
            fallback: parse("Requester")?,
        })
    }

    pub(super) fn uid(&self, kind: &str, id: &str) -> EntityUid {
        // Every kind comes from TYPES; were one missing, the schema would refuse the entity and the answer would be no.
        let kind = self.types.get(kind).unwrap_or(&self.fallback);
        EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
    }

    pub(super) fn action(&self, gate: Gate) -> EntityUid {
        self.actions.get(&gate).cloned().unwrap_or_else(|| self.uid("Requester", gate.word()))
    }

    /// The class and every class it is part of.
    pub(super) fn ancestry(&self, class: Class) -> Vec<EntityUid> {
        let own = self.uid("Class", class.word());
        match class {
            Class::Finance | Class::Hr | Class::Executive => {
                vec![own, self.uid("Class", "elevated")]
            }
            Class::Standard | Class::Machine | Class::Admin => vec![own],
        }
    }

    pub(super) fn entities(&self, facts: &Facts, schema: &Schema) -> Result<Entities, PolicyError> {
        use RestrictedExpression as X;
        let wrong = |e: &dyn std::fmt::Display| PolicyError::Words(e.to_string());
        let make = |uid: EntityUid, attributes: Vec<(&str, X)>, parents: Vec<EntityUid>| {
            let attributes: HashMap<String, X> =
                attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let parents: HashSet<EntityUid> = parents.into_iter().collect();
            Entity::new(uid, attributes, parents).map_err(|e| wrong(&e))
        };
        let mut ancestry = self.ancestry(facts.class).into_iter();
        let own = ancestry.next().ok_or_else(|| wrong(&"no class"))?;
        let wider: Vec<EntityUid> = ancestry.collect();
        let proofs = self.uid("Proofs", "case");
        let approvals = self.uid("Approvals", "case");
        let mut case = vec![
            ("action", X::new_string(facts.action.word().to_owned())),
            ("door", X::new_string(facts.door.word().to_owned())),
            ("enrolledStrong", X::new_bool(facts.enrolled_strong)),
            ("proofs", X::new_entity_uid(proofs.clone())),
            ("approvals", X::new_entity_uid(approvals.clone())),
        ];
        let mut all = vec![
            make(self.uid("Requester", "anyone"), vec![], vec![])?,
            make(
                proofs,
                vec![
                    ("independent", X::new_long(facts.proofs.independent.into())),
                    ("strong", X::new_long(facts.proofs.strong.into())),
                ],
                vec![],
            )?,
            make(
                approvals,
                vec![
                    ("people", X::new_long(facts.approvals.people.into())),
                    ("groups", X::new_long(facts.approvals.groups.into())),
                ],
                vec![],
            )?,
        ];
        for method in Method::ALL {
            let (attribute, kind) = proof_words(method);
            let uid = self.uid(kind, "case");
            case.push((attribute, X::new_entity_uid(uid.clone())));
            let given = X::new_bool(facts.proofs.methods.contains(&method));
            all.push(make(uid, vec![("given", given)], vec![])?);
        }
        for class in &wider {
            all.push(make(class.clone(), vec![], vec![])?);
        }
        all.push(make(own.clone(), vec![], wider)?);
        all.push(make(self.uid("Case", "case"), case, vec![own])?);
        Entities::from_entities(all, Some(schema)).map_err(|e| wrong(&e))
    }
}
