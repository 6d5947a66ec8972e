//! What people do not notice: a mail server that is dead, and a page that another process serves.

use crate::{
    entry::signs_in,
    people::somebody,
    process::eventually,
    recovery::{ask, back_in, hand_in, open, prove, show_app},
    smtp_sink::Fault,
    stage::Installation,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r45_a_dead_mail_server_stops_nobody_and_loses_no_notice() {
    let Some(installation) = Installation::new().await else { return };
    installation.mail_is_up(false);
    let ivo = somebody(&installation, "ivo").await;
    let (_web, front) = installation.web().await;
    let _worker = installation.worker();
    let mut browser = front.browser();
    let password = prove(&installation, &mut browser, &ivo).await;
    let working = hand_in(&mut browser, &password, "granite willow ferry 64").await;
    back_in(&mut browser, &working).await;
    assert!(signs_in(&installation.slapd, &ivo.name, "granite willow ferry 64").await);
    assert!(installation.letters().is_empty(), "the mail server is dead");
    assert_eq!(installation.row(&password.reference())["state"], "reviewing", "nobody was told yet");

    // One of the two mailboxes stays dead: the other is told, and the case stays open.
    installation.sink.busy_for(&[&ivo.addresses[1]]);
    installation.mail_is_up(true);
    let case = password.reference();
    installation.letter(&ivo.addresses[0], "Your Northwind Hospital password was changed").await;
    installation.has_done(&case, "notify review").await;
    assert_eq!(installation.row(&case)["state"], "reviewing", "not everybody was told yet");
    installation.sink.busy_for(&[]);
    installation.reaches(&case, "reviewed").await;
    let told = |letters: &[crate::people::Letter]| {
        let mut told: Vec<_> = letters.iter().map(|letter| (letter.to.clone(), letter.subject.clone())).collect();
        told.sort();
        told
    };
    let mut all: Vec<_> = ivo
        .addresses
        .iter()
        .flat_map(|address| {
            ["Reset requested for your Northwind Hospital account", "Your Northwind Hospital password was changed"]
                .map(|subject| (address.clone(), subject.to_owned()))
        })
        .collect();
    all.sort();
    eventually("all four notices", async || (installation.letters().len() >= 4).then_some(())).await;
    assert_eq!(told(&installation.letters()), all, "each of them once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r52_a_case_goes_on_at_any_process_and_a_code_counts_once_for_all_of_them() {
    let Some(installation) = Installation::new().await else { return };
    let jana = somebody(&installation, "jana").await;
    let (mut first, front) = installation.web().await;
    let (mut second, other) = installation.web().await;
    let (first_at, second_at) = (first.address(), second.address());
    let _worker = installation.worker();
    let mut browser = front.browser();
    let how = open(&installation, &mut browser, &jana).await;
    front.turn_to(second_at);
    let how = show_app(&mut browser, &how, &jana).await;
    front.turn_to(first_at);
    let type_code = browser.fill(&how, &[("way", "recovery-code")]).await;
    front.turn_to(second_at);
    let password = browser.fill(&type_code, &[("code", &jana.codes[0])]).await;
    assert!(password.path.ends_with("/new/password"), "{password:?}");
    first.kill();

    // The same form twice at a time, as an impatient person sends it.
    let mut impatient = browser.clone();
    let fields = [("new-password", "cobalt heron orchard 83")];
    let (one, two) = tokio::join!(browser.fill(&password, &fields), impatient.fill(&password, &fields));
    for page in [&one, &two] {
        assert!(page.path.ends_with("/working") || page.path.ends_with("/done"), "{page:?}");
    }
    back_in(&mut browser, &one).await;
    assert!(signs_in(&installation.slapd, &jana.name, "cobalt heron orchard 83").await);
    installation.reaches(&password.reference(), "reviewed").await;

    let mut another = other.browser();
    let how = open(&installation, &mut another, &jana).await;
    let refused = another.show(&how, "recovery-code", &jana.codes[0]).await;
    assert!(refused.path.ends_with("/recovery-code"), "a used code opens nothing: {refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_a_mail_server_that_says_nothing_holds_up_nobody() {
    let Some(installation) = Installation::new().await else { return };
    installation.sink.fail(Fault::Slow);
    let (_web, front) = installation.web().await;
    let _worker = installation.worker();
    for name in ["kai", "lea", "max", "nina"] {
        open(&installation, &mut front.browser(), &somebody(&installation, name).await).await;
    }
    // Eight messages wait for an answer, as many as there are places for jobs; half of these are for messages.
    let is = |row: &str, word: &str| row.split(',').any(|value| value == word);
    let running = eventually("eight messages", async || {
        let rows = installation.rows().await;
        let sends: Vec<&str> = rows.lines().filter(|row| row.starts_with("jobs: ") && is(row, "send")).collect();
        let running = sends.iter().filter(|row| is(row, "running")).count();
        (sends.len() == 8 && running >= 4).then_some(running)
    });
    assert_eq!(running.await, 4);
    let pia = somebody(&installation, "pia").await;
    open(&installation, &mut front.browser(), &pia).await;
    assert!(installation.letters().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r52_two_workers_and_an_operator_share_the_work_and_the_log() {
    let Some(installation) = Installation::new().await else { return };
    let (_web, front) = installation.web().await;
    let (mut one, mut two) = (installation.worker(), installation.worker());
    let mut cases = Vec::new();
    for number in 0..24_u8 {
        let mut browser = front.browser();
        browser.address = [198, 51, 100, number].into();
        cases.push(ask(&mut browser, &format!("nobody-{number}")).await.reference());
        if number % 4 == 3 {
            // An export signs the log too, if it has to.
            let exports: Vec<_> = cases[cases.len() - 4..]
                .iter()
                .map(|case| {
                    let file = installation.path(case);
                    let call = installation.keyward(&["case", "export", case, "-o", file.to_str().unwrap()]);
                    std::thread::spawn(move || call.run())
                })
                .collect();
            for export in exports {
                let output = export.join().unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    for case in &cases {
        installation.reaches(case, "unmatched").await;
    }
    for worker in [&mut one, &mut two] {
        assert!(worker.terminate().success());
        assert!(!worker.said().contains("\"level\":\"ERROR\""), "{}", worker.said());
    }
    let mut again = installation.worker();
    assert!(again.terminate().success(), "what both have signed goes on");
}
