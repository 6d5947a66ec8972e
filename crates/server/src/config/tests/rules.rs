//! Rules about values: the hard limits of the standards, addresses, passwords everybody knows, nothing in clear.

use super::super::addresses::AddressRange;
use super::super::keys;
use super::super::setting::Fallback;
use super::*;

#[test]
fn standards_11_a_number_outside_its_range_is_refused_with_the_rule_it_breaks() {
    let mut checked = 0;
    for key in all_keys().filter(|key| key.section != "directory.openldap") {
        for (bound, step) in [(key.spec.at_least, -1), (key.spec.at_most, 1)] {
            let Some(bound) = bound else { continue };
            let told =
                |value: i64| match read(&minimal_and(&format!("[{}]\n{} = {value}\n", key.section, key.name)), &[]) {
                    Ok(_) => String::new(),
                    Err(error) => error.to_string(),
                };
            let outside = told(bound.value + step);
            assert!(
                outside.contains(&key.path()) && (outside.contains(bound.rule) || bound.value == 0),
                "{}: {outside}",
                key.path()
            );
            assert!(!told(bound.value).contains(bound.rule), "{} refuses its own bound {}", key.path(), bound.value);
            checked += 1;
        }
    }
    assert!(checked > 20);
}

#[test]
fn standards_11_the_hard_limits_are_those_of_the_standards() {
    // What would move a limit has to move this line, with a reason.
    for (path, default, least, most) in [
        ("limits.link_minutes", 10, 1, 1440),
        ("limits.code_minutes", 10, 1, 10),
        // What the case itself takes: a greater number would promise tries that are refused.
        ("limits.tries_per_case", 5, 1, i64::try_from(keyward_core::case::MAX_REJECTIONS).unwrap()),
        ("passwords.min_chars", 15, 15, 64),
        ("passwords.max_bytes", 1024, 256, 1024),
        ("sessions.idle_minutes", 15, 1, 60),
        ("sessions.absolute_minutes", 60, 5, 1440),
        ("contacts.quarantine_hours", 72, 24, 8760),
    ] {
        let (section, name) = path.rsplit_once('.').unwrap();
        let key = keys::key(section, name).unwrap();
        let Fallback::Is(word) = key.spec.fallback else { panic!("{path} has no default") };
        assert_eq!(
            (word.parse(), key.spec.at_least.unwrap().value, key.spec.at_most.unwrap().value),
            (Ok(default), least, most),
            "{path}"
        );
    }
}

#[test]
fn x16_a_link_that_lives_longer_than_ten_minutes_is_taken_with_a_warning() {
    let warned = |minutes: u32| {
        let loaded = read(&minimal_and(&format!("[limits]\nlink_minutes = {minutes}\n")), &[]).unwrap();
        loaded.warnings.iter().find(|warning| warning.key == "limits.link_minutes").map(ToString::to_string)
    };
    assert_eq!(warned(10), None);
    assert_eq!(
        warned(30).unwrap(),
        "keyward.toml:4:16: `limits.link_minutes` is 30 minutes; the recommended most is 10 (OWASP ASVS 5.0, 6.5.5)\n    the default is 10"
    );
}

#[test]
fn fp_6_the_public_address_is_https_unless_it_is_this_machine() {
    for (url, taken) in [
        ("https://reset.example.org", true),
        ("https://reset.example.org:8443/", true),
        ("https://[2001:db8::1]", true),
        ("http://localhost:8440", true),
        ("http://keyward.localhost", true),
        ("http://127.0.0.1:8440", true),
        ("http://127.9.9.9", true),
        ("http://[::1]:8440", true),
        ("http://reset.example.org", false),
        ("http://10.0.0.1", false),
        ("http://localhost.example.org", false),
        ("http://127.0.0.1.example.org", false),
        ("http://notlocalhost", false),
        ("http://[::]", false),
        ("http://0.0.0.0", false),
        ("ftp://localhost", false),
        ("https://reset.example.org/reset", false),
        ("https://reset.example.org/?a", false),
        ("https://reset.example.org/#a", false),
        ("https://me@reset.example.org", false),
        ("reset.example.org", false),
        ("", false),
    ] {
        let read = read(&format!("[server]\npublic_url = \"{url}\"\n"), &[]);
        assert_eq!(read.is_ok(), taken, "{url}: {read:?}");
        if url.starts_with("http://") && !taken {
            assert!(read.unwrap_err().to_string().contains("FP-6"), "{url}");
        }
    }
    let loaded = read("[server]\npublic_url = \"https://Reset.Example.org:8443/\"\n", &[]).unwrap();
    assert_eq!(loaded.config.server.public_url.origin(), "https://reset.example.org:8443");
    assert_eq!(loaded.config.log.origin.as_str(), "reset.example.org");
}

#[test]
fn asvs_13_2_3_a_password_that_everybody_knows_is_refused() {
    for (password, taken) in
        [("admin", false), ("Admin", false), ("changeme", false), ("secret", false), ("admin-of-nothing-74", true)]
    {
        let text = minimal_and(&format!("{LDAP}bind_password = \"{password}\"\n"));
        assert_eq!(read(&text, &[]).is_ok(), taken, "{password}");
        let mail = minimal_and(&format!(
            "[mail]\nhost = \"m.example\"\nfrom = \"a@example.org\"\nuser = \"u\"\npassword = \"{password}\"\n"
        ));
        assert_eq!(read(&mail, &[]).is_ok(), taken, "{password}");
        let database =
            |host: &str| minimal_and(&format!("[database]\nurl = \"postgres://keyward:{password}@{host}/keyward\"\n"));
        assert_eq!(read(&database("db.example.org"), &[]).is_ok(), taken, "{password}");
        assert!(read(&database("127.0.0.1"), &[]).is_ok(), "a database on this machine may be a trial");
    }
}

#[test]
fn v_13_3_mail_and_directory_passwords_never_cross_a_network_in_clear() {
    let mail = |host: &str, tls: &str| {
        minimal_and(&format!("[mail]\nhost = \"{host}\"\ntls = \"{tls}\"\nfrom = \"a@example.org\"\n"))
    };
    for (host, tls, taken) in [
        ("mail.example.org", "starttls", true),
        ("mail.example.org", "implicit", true),
        ("mail.example.org", "none", false),
        ("127.0.0.1", "none", true),
        ("localhost", "none", true),
        ("[::1]", "none", true),
        ("192.0.2.1", "none", false),
    ] {
        assert_eq!(read(&mail(host, tls), &[]).is_ok(), taken, "{host} {tls}");
    }
    for (url, start_tls, taken) in [
        ("ldaps://ldap.example.org", false, true),
        ("ldaps://ldap.example.org", true, false),
        ("ldap://ldap.example.org", true, true),
        ("ldap://ldap.example.org", false, false),
        ("ldap://127.0.0.1:13890", false, true),
        ("ldap://localhost", false, true),
        ("http://ldap.example.org", false, false),
        ("ldaps://ldap.example.org/dc=x", false, false),
    ] {
        let text = minimal_and(&LDAP.replace("ldaps://ldap.example.org", url));
        let text = format!("{text}start_tls = {start_tls}\nbind_password = \"correct horse battery\"\n");
        assert_eq!(read(&text, &[]).is_ok(), taken, "{url} {start_tls}");
    }
    for (tls, port) in [("starttls", 587), ("implicit", 465)] {
        assert_eq!(read(&mail("mail.example.org", tls), &[]).unwrap().config.mail.unwrap().port.get(), port);
    }
}

#[test]
fn r20_an_address_range_has_its_addresses_and_no_others() {
    let range = |text: &str| text.parse::<AddressRange>().unwrap();
    for (text, address, inside) in [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
    ] {
        assert_eq!(range(text).contains(address.parse().unwrap()), inside, "{address} in {text}");
    }
    for text in ["10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "host/8", "10.0.0.0/-1"] {
        assert!(text.parse::<AddressRange>().is_err(), "{text}");
    }
}

#[test]
fn eco_12_numbers_are_off_by_default_and_public_only_with_a_warning() {
    let with = |listen: &str| {
        let set = [("KEYWARD_SERVER__METRICS_LISTEN", listen)];
        match read(&minimal_and(""), &set) {
            Ok(loaded) => loaded.warnings.iter().map(ToString::to_string).collect::<String>(),
            Err(error) => error.to_string(),
        }
    };
    assert!(read(&minimal_and(""), &[]).unwrap().config.server.metrics_listen.is_none());
    assert!(!with("127.0.0.1:9440").contains("metrics_listen") && !with("[::1]:9440").contains("metrics_listen"));
    assert!(with("0.0.0.0:9440").contains("other machines can read the numbers without sign-in"));
    assert!(with("127.0.0.1:8440").contains("are both 127.0.0.1:8440"));
}
