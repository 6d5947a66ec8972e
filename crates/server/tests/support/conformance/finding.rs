//! Finding, reading and trying passwords.

use super::*;

pub(super) async fn a_name_and_an_address_find_their_account_in_any_spelling(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    let account = one(world, &person).await?;
    ensure!(account.mails == [person.mail.clone()], "mail {:?} is not byte for byte {:?}", account.mails, person.mail);
    ensure!(account.name == person.name && account.language.as_deref() == Some("de"), "{account:?}");
    ensure!(!account.disabled && account.lock.is_none() && !account.must_change, "{account:?}");
    ensure!(account.owner == Owner::Person, "{account:?}");
    let mut spellings = vec![
        person.name.to_uppercase(),
        format!(" {}\t", person.name),
        person.mail.to_lowercase(),
        format!("{}.", person.mail),
    ];
    if world.expected().has_domains {
        spellings.extend([format!("CORP\\{}", person.name), format!("{}@Corp.Example", person.name)]);
    }
    for typed in spellings {
        let found = find(world, &typed).await?;
        ensure!(matches!(&found, Found::One(same) if same.id == account.id), "{typed:?} is {found:?}");
    }
    for typed in [format!("OTHER\\{}", person.name), format!("{}@other.example", person.name)] {
        ensure!(find(world, &typed).await? == Found::None, "{typed:?} is somebody");
    }
    ensure!(read(world, &account.id).await? == account, "reading by id gives another account");
    Ok(())
}

pub(super) async fn t_j01_what_is_typed_is_never_a_filter(world: World<'_>) -> Checked {
    let person = world.person(Like::Named("mike.j01")).await;
    one(world, &person).await?;
    for typed in [
        "*",
        "mike*",
        "mike.j0?",
        "mike.j01)(uid=*",
        "*)(userPassword=a*",
        "mike.j01\\00",
        "(|(uid=*))",
        "mike.j01,ou=x",
        "#mike.j01",
        "mike.j01+cn=x",
        "mike.j01)(&",
        "\\2a",
        "mike.j01%20",
        "uid=mike.j01",
        "&",
        "|",
        "!",
        ")(",
        "mike.j01;--",
    ] {
        ensure!(find(world, typed).await? == Found::None, "{typed:?} is somebody");
    }
    Ok(())
}

pub(super) async fn t_b05_look_alikes_are_other_accounts(world: World<'_>) -> Checked {
    for (stored, typed) in [
        ("straße.b05", "strasse.b05"),
        ("mıke.b05", "mike.b05"),
        ("josé.b05", "jose.b05"),
        ("müller.b05", "mueller.b05"),
        ("ııı.b05", "iii.b05"),
    ] {
        let person = world.person(Like::Named(stored)).await;
        let account = one(world, &person).await?;
        ensure!(find(world, typed).await? == Found::None, "{typed} is {stored}");
        let other = world.person(Like::Named(typed)).await;
        let found = one(world, &other).await?;
        ensure!(found.id != account.id, "{typed} is {stored}");
        ensure!(one(world, &person).await?.id == account.id, "{stored} is {typed}");
    }
    // T-B04: what only looks like the address of somebody reaches nobody.
    let person = world.person(Like::WithMail("mike.b04@example.test")).await;
    ensure!(find(world, "mıke.b04@example.test").await? == Found::None, "a dotless i reached {}", person.name);
    ensure!(find(world, "mike.b04@exarnple.test").await? == Found::None, "rn reached {}", person.name);
    Ok(())
}

pub(super) async fn r40_one_name_of_two_accounts_is_nobody(world: World<'_>) -> Checked {
    for _ in 0..2 {
        world.person(Like::WithMail("family.r40@keyward.test")).await;
    }
    ensure!(find(world, "family.r40@keyward.test").await? == Found::Several, "a shared address is one account");
    // A name of one account that is the address of another.
    let first = world.person(Like::Named("both.r40@keyward.test")).await;
    world.person(Like::WithMail("BOTH.r40@keyward.test")).await;
    ensure!(find(world, &first.name).await? == Found::Several, "a name and an address are one account");
    Ok(())
}

pub(super) async fn r40_an_id_is_an_id_and_nothing_else(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    for id in ["", "*", "nobody", "00000000-0000-0000-0000-000000000000", "*)(uid=*", &person.name, &person.mail] {
        let found = world.directory().read(id, world.now()).await.map_err(|error| error.to_string())?;
        ensure!(found.is_none(), "{id:?} is {found:?}");
        ensure!(tries(world, id, &person.password).await? == SignIn::Wrong, "{id:?} signs in");
    }
    Ok(())
}

pub(super) async fn r30_groups_within_groups_are_groups(world: World<'_>) -> Checked {
    let person = world.person(Like::Anybody).await;
    ensure!(one(world, &person).await?.groups.is_empty(), "a new person is in a group");
    let mut groups = world.put_in_nested_groups(&person).await;
    groups.sort_unstable();
    let account = one(world, &person).await?;
    ensure!(account.groups == groups, "{:?} instead of {groups:?}", account.groups);
    ensure!(read(world, &account.id).await?.groups == groups, "reading by id gives other groups");
    Ok(())
}

pub(super) async fn r31_an_account_of_software_is_told(world: World<'_>) -> Checked {
    let machine = world.person(Like::Machine).await;
    ensure!(one(world, &machine).await?.owner == Owner::Machine, "software is taken for a human");
    Ok(())
}

pub(super) async fn a_password_opens_only_its_account(world: World<'_>) -> Checked {
    let (ada, ben) = (world.person(Like::Anybody).await, world.person(Like::Anybody).await);
    let account = one(world, &ada).await?;
    for (password, wanted) in [
        (ada.password.as_str(), SignIn::Ok),
        (&ben.password, SignIn::Wrong),
        ("", SignIn::Wrong),
        (&ada.password.to_uppercase(), SignIn::Wrong),
        (ada.password.as_str(), SignIn::Ok),
    ] {
        let answer = tries(world, &account.id, password).await?;
        ensure!(answer == wanted, "{answer:?} instead of {wanted:?}");
    }
    Ok(())
}

pub(super) async fn r36_a_probe_says_what_can_be_done(world: World<'_>) -> Checked {
    let expected = world.expected();
    world.person(Like::Anybody).await;
    let probed = world.directory().probe().await.map_err(|error| error.to_string())?;
    let abilities = probed.abilities;
    ensure!(abilities.set_password == Some(true) && abilities.unlock == Some(true), "{probed:?}");
    ensure!(abilities.must_change == Some(expected.must_change), "{probed:?}");
    ensure!(abilities.keeps_history == Some(expected.keeps_history), "{probed:?}");
    ensure!(abilities.reset_unlocks == Some(true), "{probed:?}");
    ensure!(abilities.ends_sessions == Some(expected.ends_sessions), "{probed:?}");
    ensure!(probed.bound_as == expected.bound_as && probed.directory == world.directory().name(), "{probed:?}");
    let findings: Vec<&str> = probed.findings.iter().map(|finding| finding.code.as_str()).collect();
    ensure!(findings == expected.findings && probed.is_usable(), "{probed:?}");
    let text = serde_json::to_string(&probed).map_err(|error| error.to_string())?;
    let again: Capabilities = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    ensure!(again == probed, "{text}");
    Ok(())
}
