# Pages that explain.
help-page-title = Get help
help-name-title = You do not know the name you sign in with
help-name-text = It is on your first letter from us, and often the same as your work email. The service desk can help you find it.
help-call-check-title = Someone called you and said they are the service desk
help-call-check-text = Hang up. Then call the number above yourself. A real caller will not mind.
check-lede = Nobody gets a new password just by asking. Every request is a case with five steps, and each step is written down.
check-steps = The five steps
check-classify = We look at what kind of account it is. Some need more care.
check-verify = You show that it is you, with things only you have.
check-authorize = Some accounts need other people to agree first, or need to wait.
check-reissue = You set the new way in yourself. We sign you out of these pages.
check-review = Someone looks over what was done.
check-ways = What can count as a proof
check-never = What we never do
check-never-questions = We never ask for your first pet, your birth date or your staff number.
check-never-facts = We never say if a name has an account.
check-never-skip = Nobody can skip a step, no matter who asks or how fast it must go.
check-never-see = Nobody on our staff can see or choose your password.
access-title = Can everyone use these pages?
access-lede = { $organization } wants everyone to be able to get back in.
access-aim = We aim to meet WCAG 2.2, level AA. The pages work with a keyboard, with a screen reader, at 400 percent zoom, and without scripts. Only passkeys need scripts.
access-tested = What we tested
access-version = Version
access-date = Date
access-method = How
access-method-text =
    { $pages ->
        [one] 1 page, by machine (axe), in light and dark, wide and narrow
       *[other] { $pages } pages, by machine (axe), in light and dark, wide and narrow
    }
access-gaps = What does not work yet
access-gap-by-hand = Nobody has tried each page with a screen reader yet.
access-untested = There are no test results in this build (version { $version }).
access-tell = Tell us
access-tell-text =
    { $contact ->
        [none] Did you hit a problem? Tell the service desk. A person can help you with each step.
       *[other] Did you hit a problem? Tell the service desk: { $contact }. A person can help you with each step.
    }
privacy-lede = What { $organization } keeps when you use these pages, and for how long.
privacy-what = What we keep
privacy-what-name = The name you typed in.
privacy-what-from = Where a request came from: network address, browser and time.
privacy-what-steps = Which steps were taken, by whom, and how they ended.
privacy-why = Why
privacy-why-text = So that nobody can take over your account. And so we can show later that each reset was checked.
privacy-long = How long
privacy-long-text = If a name has no account, we delete the name and where it came from after { $days } days. If it has one, names and addresses stay with the case until { $organization } deletes them. That does not happen by itself. The proof that the steps were taken stays, but it holds no names.
privacy-never = What we never do
privacy-never-password = We never store or show your password.
privacy-never-track = We load nothing from other sites and count no clicks.
privacy-cookies = We set cookies only to keep your case, your language and this device apart.
privacy-ask = Ask us
privacy-ask-text =
    { $contact ->
        [none] Ask the service desk to see or delete what we hold.
       *[other] Ask to see or delete what we hold: { $contact }.
    }
