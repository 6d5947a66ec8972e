//! Step 1: which account is it, and what can it do? Asks the directories, and records what they say or that they say nothing.

use std::collections::BTreeMap;

use keyward_core::{
    account::{AccountRef, Action, Method},
    actor::Actor,
    case::{Case, Command},
    digest::{Digest, Field},
    event::{Door, Unmatched},
    ids::{CaseId, FactorId},
    secret::Secret,
    steps::{
        classify::Classification,
        verify::{Evidence, Source},
    },
    time::Timestamp,
};

use super::{JobError, Ran, Worker, settled};
use crate::{
    connectors::{Account, AccountName, Found, Owner},
    flow::{FROM_DIRECTORY, FlowError, SignedIn, With, is_from_directory},
    store::{
        change::Aside,
        guard::Guard,
        people::{Factor, NewFactor, Person},
        tokens::Seen,
    },
};

/// Looks the name of a case up.
pub async fn run(worker: &Worker, id: CaseId, signed_in: Option<SignedIn>) -> Ran {
    let case = worker.flow.load(id).await?;
    if case.is_classifying() {
        classify(worker, &case, signed_in).await?;
    }
    // Also when the job comes again and the name was looked up before: the case would wait for this proof in vain.
    match signed_in {
        Some(signed_in) => present_password(worker, id, signed_in).await,
        None => Ok(()),
    }
}

async fn classify(worker: &Worker, case: &Case, signed_in: Option<SignedIn>) -> Ran {
    let at = worker.flow.ctx.now();
    match find(worker, case, signed_in, at).await? {
        Err(reason) => {
            let acted = worker.flow.act(case.id(), Actor::Keyward, Command::Unmatch(reason), With::nothing()).await;
            settled(acted.map(drop))
        }
        Ok((directory, account, person)) => {
            keep_addresses(worker, &person, &account, at).await?;
            let (classification, with) = classification(worker, case, directory.as_str(), &account, &person);
            let command = Command::Classify(classification);
            // "Not me" that is said meanwhile ends the open cases that it sees; this one is none of them yet, and is looked up again.
            let with = with.guard(Guard::PersonNotBlocked { person: person.id, at });
            settled(worker.flow.act(case.id(), Actor::Keyward, command, with).await.map(drop))
        }
    }
}

type Looked = Result<(String, Account, Person), Unmatched>;

async fn find(worker: &Worker, case: &Case, signed_in: Option<SignedIn>, at: Timestamp) -> Result<Looked, JobError> {
    let found = match signed_in {
        Some(signed_in) => by_person(worker, signed_in).await?,
        None => by_name(worker, case).await?,
    };
    let (directory, account) = match found {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    if account.disabled {
        return Ok(Err(Unmatched::Disabled));
    }
    if account.owner == Owner::Machine {
        return Ok(Err(Unmatched::Machine));
    }
    let person = person(worker, &directory, &account, at).await?;
    if person.blocked_until.is_some_and(|until| at < until) {
        return Ok(Err(Unmatched::Blocked));
    }
    Ok(Ok((directory, account, person)))
}

async fn by_person(worker: &Worker, signed_in: SignedIn) -> Result<Result<(String, Account), Unmatched>, JobError> {
    let Some(person) = worker.flow.store.person(signed_in.person).await? else { return Ok(Err(Unmatched::Unknown)) };
    let Some(directory) = worker.directory(&person.account.directory) else { return Ok(Err(Unmatched::Unknown)) };
    let account = directory.read(&person.account.id, worker.flow.ctx.now()).await?;
    Ok(account.map(|account| (person.account.directory, account)).ok_or(Unmatched::Unknown))
}

async fn by_name(worker: &Worker, case: &Case) -> Result<Result<(String, Account), Unmatched>, JobError> {
    let Some(typed) = worker.flow.store.value(case.id(), case.claim().name).await? else {
        return Ok(Err(Unmatched::Unknown));
    };
    look_up(worker, &typed.value).await
}

/// The one account of that name in all directories.
pub(super) async fn look_up(worker: &Worker, typed: &str) -> Result<Result<(String, Account), Unmatched>, JobError> {
    let Ok(name) = AccountName::parse(typed) else { return Ok(Err(Unmatched::Unknown)) };
    let mut found: Option<(String, Account)> = None;
    for directory in &worker.directories {
        match directory.find(&name, worker.flow.ctx.now()).await? {
            Found::None => {}
            Found::Several => return Ok(Err(Unmatched::Ambiguous)),
            Found::One(_) if found.is_some() => return Ok(Err(Unmatched::Ambiguous)),
            Found::One(account) => found = Some((directory.name().to_owned(), *account)),
        }
    }
    Ok(found.ok_or(Unmatched::Unknown))
}

/// The person behind an account; made when it is seen for the first time.
pub(super) async fn person(
    worker: &Worker,
    directory: &str,
    account: &Account,
    at: Timestamp,
) -> Result<Person, JobError> {
    let ctx = &worker.flow.ctx;
    let new = Person {
        id: ctx.id(at),
        account: AccountRef { directory: directory.to_owned(), id: account.id.clone() },
        salt: ctx.salt(),
        language: account.language.clone(),
        blocked_until: None,
        created: at,
    };
    let known = worker.flow.store.ensure_person(&new).await?;
    if let Some(language) = account.language.as_ref().filter(|language| known.language.as_ref() != Some(*language)) {
        worker.flow.store.set_language(known.id, language).await?;
        return Ok(Person { language: account.language.clone(), ..known });
    }
    Ok(known)
}

/// What the account can do at this moment, and what the credential in question opens. Also asked just before the change (R30).
pub(super) fn classification(
    worker: &Worker,
    case: &Case,
    directory: &str,
    account: &Account,
    person: &Person,
) -> (Classification, With) {
    let flow = &worker.flow;
    let (class, rule) = flow.terms.classes.of(&account.groups);
    let (commitment, value) = flow.disclose(Field::Account, format!("{directory}/{}", account.id));
    let classification = Classification {
        subject: person.id,
        account: commitment,
        class,
        rule,
        opens: opens(worker, case, directory, account, person),
    };
    (classification, With::nothing().value(value, Some(person.id)))
}

/// The mailbox that this very password opens is no proof for it (C18). Somebody who is signed in recovers nothing.
fn opens(worker: &Worker, case: &Case, directory: &str, account: &Account, person: &Person) -> Vec<Source> {
    let recovers = matches!(case.claim().action, Action::SetPassword | Action::Unlock);
    if case.claim().door == Door::Account || !recovers {
        return Vec::new();
    }
    let mut opens = vec![Source::Password { directory: directory.to_owned() }];
    opens.extend(account.mails.iter().map(|address| worker.flow.mailbox(person, address)));
    opens
}

/// The addresses of the directory are ways to tell the person and, if another password opens them, to prove something. One that appears
/// for an account that is known already is a change and waits (M103).
pub(super) async fn keep_addresses(
    worker: &Worker,
    person: &Person,
    account: &Account,
    at: Timestamp,
) -> Result<(), JobError> {
    let flow = &worker.flow;
    let factors = flow.store.factors(person.id).await?;
    let known = || factors.iter().filter(|factor| is_from_directory(factor));
    let first = known().next().is_none();
    let alive: Vec<&Factor> = known().filter(|factor| factor.is_alive()).collect();
    // One that the person added and the directory lists later is there already, and stays theirs.
    let is_there = |handle: Digest| factors.iter().any(|factor| factor.is_bound() && factor.handle == Some(handle));
    // By what they are found again: two spellings of one address are one.
    let named: BTreeMap<Digest, &String> =
        account.mails.iter().map(|address| (flow.address_handle(person, address), address)).collect();
    let (class, _) = flow.terms.classes.of(&account.groups);
    let wait_ms = if first { 0 } else { flow.terms.quarantine.of(class, true) };
    let mut aside = Aside::default();
    for (handle, address) in &named {
        if is_there(*handle) {
            continue;
        }
        let id: FactorId = flow.ctx.id(at);
        aside = aside.guard(Guard::NewFactor(NewFactor {
            id,
            person: person.id,
            method: Method::Email,
            label: FROM_DIRECTORY.to_owned(),
            data: flow.lock_away(id, &Secret::new(address.as_bytes().to_vec()))?,
            handle: Some(*handle),
            created: at,
            usable_from: at.plus_ms(wait_ms),
        }));
    }
    for factor in alive.iter().filter(|factor| factor.handle.is_none_or(|handle| !named.contains_key(&handle))) {
        aside = aside.guard(Guard::EndFactor { factor: factor.id, person: person.id, at });
    }
    Ok(flow.store.aside(aside).await?)
}

/// Who is signed in has shown the password of the directory; that is a proof of the case.
async fn present_password(worker: &Worker, case: CaseId, signed_in: SignedIn) -> Ran {
    let flow = &worker.flow;
    let case = flow.load(case).await?;
    let Some(person) = flow.store.person(signed_in.person).await? else { return Ok(()) };
    // By the clock of whoever signed them in, which may be ahead: what was shown in the future counts for nothing.
    let at = signed_in.at.min(flow.ctx.now());
    let evidence = Evidence {
        id: flow.ctx.id(at),
        method: Method::DirectoryPassword,
        subject: signed_in.person,
        sources: vec![Source::Password { directory: person.account.directory }],
        witness: None,
        at,
        until: at.plus_ms(flow.terms.session_ms),
        usable_from: at,
    };
    let around = flow.around(&case, flow.ctx.now()).await?;
    let by = Actor::Person { id: signed_in.person };
    // A password that was changed since has ended the session, and is no proof any more (T-A16).
    let with = With::nothing().guard(Guard::HoldToken(Seen::session(signed_in.session, flow.ctx.now())));
    match flow.act(case.id(), by, Command::Present(evidence, around), with).await {
        Err(FlowError::Lost(_)) => Ok(()),
        acted => settled(acted.map(drop)),
    }
}
