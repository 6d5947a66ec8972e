# The end of a case: done, or not.
done-title = You are back in
done-title-unlocked = Your account is open again
done-title-replaced = The lost one is turned off
done-title-ways = Your ways back in have changed
done-at = Done at { $time }.
done-changed = What changed
done-password = You have a new password.
done-passkey = You have a new passkey.
done-added = Added: { $way }.
done-unlocked = Your account is unlocked.
done-signed-out = We signed you out everywhere.
done-signed-out-of =
    { $n ->
        [one] We signed you out on 1 device.
       *[other] We signed you out on { $n } devices.
    }
done-app-passwords =
    { $n ->
        [one] We stopped 1 app password.
       *[other] We stopped { $n } app passwords.
    }
done-removed = { $name } no longer works.
done-told =
    { $n ->
        [one] We told you on 1 contact.
       *[other] We told you on { $n } contacts.
    }
done-still-open = This ends a little later
done-still-open-until = { $what }: until { $time }
done-next = What to do next
done-code-text = You have used one of your recovery codes. A new one can take its place on your sheet, within an hour.
done-code-button = Show the new code
next-recovery-codes =
    { $left ->
        [0] Make new recovery codes. You have none left.
        [one] Make new recovery codes. You have 1 left.
       *[other] Check your recovery codes. You have { $left } left.
    }
next-passkey = Save a passkey, so you do not need this again.
next-device = Let this browser count as a proof.
next-mail-app = Type the new password into the mail app on your phone.
next-laptop = Lock your work laptop and unlock it with the new password.
next-ways = Look at your ways back in.
done-sign-in-text = You are not signed in yet.
done-sign-in = Sign in
done-reference = Case number
done-print = You can print this page and keep it.
done-not-me = Was this someone else?
stop-unchanged = Nothing has changed on the account.
stop-changed = The account was changed before this. The security team has been told.
stop-next = What you can do now
told-contacts = If there is an account, we have told its owner on every contact we hold.
told-security = If there is an account, we have told its owner and the security team.
start-again = Go to the start
stop-not-confirmed-title = We cannot confirm it is you this way
stop-not-confirmed-why = What we saw was not enough to open this account. This does not mean you did anything wrong.
stop-not-confirmed-next = Choose another way, call the service desk, or come by with your badge.
stop-contested-title = This request was stopped
stop-contested-why = Someone who gets the messages of this account said it was not them.
stop-contested-next = If it was you, come by with your badge. For 24 hours nobody can reset this account from here.
stop-expired-title = This request has ended
stop-expired-why = Its time was over. Nothing has changed on the account.
stop-expired-next = Start again when you are ready. It takes a few minutes.
stop-withdrawn-title = You stopped this request
stop-withdrawn-why = Its links and codes no longer work. Nothing has changed on the account.
stop-withdrawn-next = You can start again at any time.
stop-declined-title = The answer was no
stop-declined-why = The people we asked did not agree. They did not have to say why here.
stop-declined-next = Call the service desk with your case number, or come by with your badge.
stop-busy-title = There is another request for this name
stop-busy-why = Only one can go on at a time. It may be open in another window. Nothing has changed on the account.
stop-busy-next = Go on in the other window. If that is not you, press “Someone else did this” at the start.
stop-tries-title = Too many tries
stop-tries-why = We stop for a while after some tries, so nobody can guess.
stop-tries-next = Try again after { $time }. Or call the service desk.
stop-outage-title = Sorry, this service is not working
stop-outage-why = Something we need does not answer. Your case is safe and nothing has changed.
stop-outage-next = Try again in a minute, or call the service desk.
stop-outage-until-title = Sorry, this service is not working
stop-outage-until-why = Something we need does not answer. Your case is safe and nothing has changed.
stop-outage-until-next = Try again after { $time }, or call the service desk.
stop-already-title = This is done already
stop-already-why = You have finished this request. Going back does not change anything.
stop-already-next = Sign in with your new way in. To change it again, start again.
stop-not-found-title = There is no page here
stop-not-found-why = The address may be typed wrong, or the page is gone.
stop-not-found-next = Check the address, or go to the start.
stop-method-title = That does not work here
stop-method-why = The page was asked in a way it does not know. Nothing has changed.
stop-method-next = Go back and use the button on the page.
stop-stale-title = That page was too old
stop-stale-why = It was open too long, or it was sent from another site. Nothing has changed.
stop-stale-next = Go back, load the page again and send it once more.
stop-large-title = That was too much
stop-large-why = You sent more than this page can take. Nothing has changed.
stop-large-next = Go back and send less.
stop-not-yours-title = This page is not for you
stop-not-yours-why = You are signed in, but this page belongs to other people.
stop-not-yours-next = If you need it for your work, ask the person who runs this service.
stop-broken-title = Sorry, something broke on our side
stop-broken-why = It is not your fault. We have written it down and will look at it.
stop-broken-next = Try again. If it happens again, call the service desk.
