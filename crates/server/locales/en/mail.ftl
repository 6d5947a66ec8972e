# Messages. Subjects carry no code and no hurry.
mail-started-password = Reset requested for your { $organization } account
mail-started-password-text = Someone asked to reset the password for { $account }.
mail-started-unlock = Unlock requested for your { $organization } account
mail-started-unlock-text = Someone asked to unlock the account { $account }.
mail-started-replace = A lost phone or key was reported for your { $organization } account
mail-started-replace-text = Someone said that the phone or key for { $account } is lost.
mail-started-ways = A change was requested for your { $organization } account
mail-started-ways-text = Someone asked to change the ways back into { $account }.
mail-started-you = If this was you, use this link. Or type the code into the page you have open.
mail-started-no-need = If this was you, you do not need to do anything with this message.
mail-go-on = Go on with my request
mail-code = Code to type in
mail-life = It works until { $time }. That is { $life } in all.
mail-code-contact = Your code to add this address
mail-code-contact-text = Type this code into the page where you add this address to { $account }.
mail-code-else = If you did not ask for it, do nothing. It ends by itself.
mail-held = Your { $organization } request is on hold
mail-held-text = We have paused the request for { $account } until { $time }. We do this when something about a request is new.
mail-held-come-back = If it was you, open your request again after that and go on. You can stop it at any time.
mail-follow = Follow the case
mail-stopped = A request for your { $organization } account was stopped
mail-stopped-refused = Someone asked for a new way into { $account }. They could not prove they were you, so we did nothing.
mail-stopped-expired = A request for { $account } was not finished in time, so it has ended.
mail-stopped-withdrawn = The request for { $account } was stopped by the person who made it.
mail-stopped-declined = The people we asked about { $account } did not agree, so we did nothing.
mail-stopped-directory = You asked for a new way into { $account }. The directory with the accounts refused the change, so it was not made.
mail-stopped-superseded = { $account } was changed while another request for it was open. That other request has ended.
mail-stopped-again = If you made the change, there is nothing to do.
mail-stopped-contested = The request for { $account } was stopped. Of another request for it, someone said it was not them.
mail-stopped-unchanged = The request with this case number has changed nothing on your account.
mail-stopped-next = If it was you, choose another way. Or come by with your badge.
mail-stopped-ask = If it was you, give the service desk the case number. They can see why.
mail-done-password = Your { $organization } password was changed
mail-done-password-text = You had a new password set for { $account }.
mail-done-signed-out = Every browser was signed out of our recovery pages.
mail-done-unlock = Your { $organization } account was unlocked
mail-done-unlock-text = The account { $account } is open again.
mail-done-replace = A lost phone or key was turned off for your { $organization } account
mail-done-replace-text = The lost phone or key for { $account } no longer works.
mail-done-ways = The ways back into your { $organization } account changed
mail-done-ways-text = The ways back into { $account } have changed.
mail-contact = A contact of your { $organization } account changed
mail-contact-added = The address { $address } was added to { $account }. It counts from { $time }. Until then you can stop it.
mail-contact-removed = The address { $address } was removed from { $account }.
mail-added = A way back into your { $organization } account was added
mail-added-text = Added to { $account }: { $way }, “{ $name }”.
mail-removed = A way back into your { $organization } account was removed
mail-removed-text = Removed from { $account }: { $way }, “{ $name }”.
mail-password = Your { $organization } password was changed
mail-password-text = The password for { $account } was changed by someone who knew the old one. Every browser was signed out of our recovery pages.
mail-not-me = Resets are blocked for your { $organization } account
mail-not-me-text = You told us it was not you. Nobody can reset { $account } or sign in with it on our recovery pages until { $time }.
mail-not-me-nothing =
    { $phone ->
        [none] What you said is written down. If your password stops working, go to the service desk at once.
       *[other] What you said is written down. If your password stops working, call the service desk at once: { $phone }.
    }
mail-not-me-changed =
    { $phone ->
        [none] The account was changed before you told us. Go to the service desk now.
       *[other] The account was changed before you told us. Call the service desk now: { $phone }.
    }
mail-not-me-ask = Was this not you?
mail-not-me-does = It stops what was begun, and nobody can reset the account for a day. You do not need to sign in.
mail-sign =
    { $phone ->
        [none] { $organization } service desk
       *[other] { $organization } service desk, { $phone }
    }
