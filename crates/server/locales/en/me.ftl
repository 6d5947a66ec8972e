# A person, signed in.
sign-in-title = Sign in
sign-in-text = Use the password you use at work. It lets you look. Before you change a way back in, we check once more.
sign-in-again = Some time has passed. Enter your password once more.
sign-in-over = You have been signed out, and the change that you began has ended with it. Sign in to begin it again.
sign-in-wait-title = Checking your password
sign-in-name = Name
sign-in-password = Password
sign-in-empty = Enter your name and your password
sign-in-wrong = The name and the password do not go together. Or this sign-in is closed for now
sign-in-too-many = Too many tries. Try again after { $time }
code-until = It works until { $time }. That is { $life } in all.
idle-soon = We sign you out in 2 minutes. Do you still need this page?
idle-less = We sign you out in less than 2 minutes. Do you still need this page?
idle-away = We could not reach the server. You may still be signed in. Try again.
idle-stay = Stay signed in
idle-over = You have been signed out. What you typed is still here until you leave this page.
me-title = My ways back in
ready =
    { $n ->
        [0] You have no way back in
        [one] You have 1 way back in
       *[other] You have { $n } ways back in
    }
ready-text =
    { $n ->
        [0] If you forget your password you will need to visit an office. Add a passkey now.
        [one] If you lose it you will need to visit an office. Add one more.
        [2] That is good. One more is safer.
       *[other] That is good. If you lose one, the others still work.
    }
ready-spare = It needs two of the proofs below, and you have one to spare. One more way is safer.
me-passkeys = Passkeys
me-passkey-add = Add a passkey
me-passkeys-none = You have no passkey yet. It is the safest way, and the quickest.
me-app = Authenticator app
me-app-add = Set up an app
me-app-on = An app is set up
me-app-none = No app is set up.
me-codes = Recovery codes
me-codes-new = Make new codes
me-codes-left =
    { $n ->
        [0] No codes left
        [one] 1 code left
       *[other] { $n } codes left
    }
me-codes-none = You have no recovery codes. They work when your phone is gone.
me-contacts = Contacts
me-contact-add = Add an address
me-contacts-none = We hold no private address. Add one, so we can tell you when something happens.
me-devices = Known devices
me-device-add = Add this browser
me-devices-none = No device is known yet.
me-password = Password
me-password-change = Change password
me-password-age = Last changed on { $date } ({ $ago }).
me-history = History
me-history-odd = Does something look wrong?
card-made = Made on { $date }
card-since = Known since { $date }
card-used = last used { $ago }
card-never-used = not used yet
remove = Remove
contact-counts = Counts
contact-waits = Waiting
contact-counts-from = counts from { $time }
device-this = This one
history-added = Added: { $way }
history-removed = Removed: { $way }
history-password = New password
history-started = Recovery started: { $reference }
history-done = Recovery done: { $reference }
history-stopped = Recovery stopped: { $reference }
notice-added = Added: { $way }. We have told you on every contact we hold.
notice-removed = Removed: { $way }. We have told you on every contact we hold.
notice-contact-waits = The address is added. It counts from { $time }. Your old contacts were told.
add-passkey-title = Add a passkey
add-passkey-name = Name
add-passkey-name-hint = So you know later which one it is.
not-now = Not now
begin-check = First we check once more that it is you.
begin-waits = A new one counts after { $wait }. Until then you can stop it.
begin-app-text = An app on your phone shows a new code every 30 seconds.
begin-contact-title = Add a private email address
begin-contact-text = We can write to it when you are locked out.
begin-device-title = Let this browser count
begin-device-text = This browser can then be one proof that it is you.
begin-password-text = You choose a new password. We sign you out of these pages in every browser.
bind-device-shared = Do this only in a browser of your own.
bind-device-button = Let this browser count
choose-way-title = What do you want to remove?
choose-way-empty = Choose what to remove
choose-way-none = There is nothing you can remove here.
choose-way-used = { $name } has just been your proof, so it cannot be removed now.
add-app-title = Set up an authenticator app
add-app-1 = 1. Scan this picture
add-app-1-text = Open the app on your phone, choose to add an account, and scan.
add-app-qr = Picture to scan with your authenticator app
add-app-key-text = No camera? Type these into the app.
add-app-key = Key
add-app-2 = 2. Enter the code it shows
add-app-button = Set up the app
copy = Copy the key
copied = Copied
new-codes-title = Make new recovery codes
new-codes-text = You get ten codes to print or save. Each works once, when your phone and your keys are gone.
new-codes-old =
    { $n ->
        [one] Your old code stops working.
       *[other] Your { $n } old codes stop working.
    }
new-codes-button = Make new codes
codes-title = Recovery codes
codes-once = We show these codes only once. Print or save them now.
codes-text = Each code works once. Cross it out when you have used it. Keep the sheet where only you can find it, and not next to your phone.
codes-where = To use one, go to
codes-kept = I have kept them
code-one-title = Your new recovery code
code-one-once = We show this code only once. Write it down now.
code-one-text = It takes the place of the code that you used. Cross that one out on your sheet, and write this one beside it. It works once.
code-one-kept = I have written it down
print = Print
add-contact-title = What is your private email address?
add-contact-hint = An address you can open without your work account.
add-contact-waits = A new address counts after { $wait }. All your old contacts are told, and can stop it.
add-contact-button = Send me a code
contact-empty = Enter an email address
contact-shape = Enter an email address like name@example.com
contact-own = Your work account opens this mailbox. If you are locked out, so is it. Use a private one
contact-already = This address is there already
confirm-contact-title = Enter the code we sent
confirm-contact-text = We sent a 6-digit code to { $address }.
confirm-contact-button = Add the address
confirm-contact-other = Use another address
remove-title = Remove { $name }?
remove-text = It stops working at once. We tell you on every contact we hold.
remove-left =
    { $n ->
        [0] Then you have no way back in. If you forget your password you will need to visit an office.
        [one] Then you have 1 way back in.
       *[other] Then you have { $n } ways back in.
    }
remove-button = Remove it
remove-keep = Keep it
change-password-title = Change your password
