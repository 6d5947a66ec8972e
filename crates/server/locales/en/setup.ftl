# The set-up of a new server, for the one who started it.
setup-title = Set up this server
setup-text = Nobody has an account here yet. Make the first one. You need the code that the server showed when it was started.
setup-code = Set-up code
setup-code-hint = Six groups of letters and numbers. It works once, for 30 minutes.
setup-code-wrong = This code does not work, or not any more. For a new one, start the server again
setup-name = Name you sign in with
setup-name-hint = Like j.okafor, without spaces.
setup-name-wrong = Enter a name without spaces to sign in with
setup-display = Your name
setup-display-hint = As people call you.
setup-display-wrong = Enter your name as people call you
setup-email = Your private email address
setup-email-hint = An address that you can open without this account.
setup-button = Make the account
setup-done-title = Your account is there
setup-done-text = You sign in as { $name }. The set-up code is used up, and so is this page.
setup-done-ways = Sign in, and set up your ways back in
