// The link and the code in a message: what opening, using and having used them does, and what never leaves.
import { test, expect } from '../support/test.js';
import { backIn, choose, heading, openCase, proceed, proveByApp, setPassword } from '../support/journey.js';

test.use({ part: 'links' });

async function askForMail(page, demo, person) {
  await choose(page, 'Link and code by email');
  await heading(page, 'Check your email');
  return demo.linkMail(person.private_mail);
}

test('t_a07 the key of a link leaves the address bar, is sent nowhere else and is dead after its use (ux_21)', async ({ page, demo, context }) => {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  const mail = await askForMail(page, demo, person);
  const key = new URL(mail.link).pathname.split('/').pop();
  const seen = [];
  context.on('request', request => seen.push({ url: request.url(), referrer: request.headers().referer }));
  const answers = [];
  context.on('response', answer => { if (answer.request().isNavigationRequest()) answers.push(answer); });

  await page.goto(mail.link);
  await heading(page, 'Go on with your request');
  expect(page.url()).not.toContain(key);
  expect(await page.content()).not.toContain(key);
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await heading(page, 'How else can you prove it is you?');
  await expect(page.getByText('You have shown 1 of 2 proofs')).toBeVisible();

  expect(seen.filter(request => request.url.includes(key)).map(request => request.url)).toEqual([mail.link]);
  // Only this server is told from which of its pages somebody comes, and the link is none of them.
  const here = new URL(mail.link).origin;
  const said = seen.map(request => request.referrer).filter(Boolean);
  expect(said.filter(from => new URL(from).origin !== here || from.includes(key))).toEqual([]);
  for (const answer of answers) {
    const referrer = answer.status() === 303 ? 'no-referrer' : 'same-origin';
    expect(answer.headers()).toMatchObject({ 'referrer-policy': referrer, 'cache-control': 'no-store' });
  }
  const dead = await page.goto(mail.link);
  expect(dead.status()).toBe(410);
  await heading(page, 'This link has already been used');
  await expect(page.getByRole('button', { name: 'Yes, go on' })).toHaveCount(0);
});

test('t_a21 a scanner that fetches every link of a message changes nothing, and the person goes on (ux_12)', async ({ page, demo, playwright }) => {
  const person = demo.someone({ app: true });
  const number = await openCase(page, person.account);
  const mail = await askForMail(page, demo, person);
  const before = (await demo.mailbox(person.private_mail)).length;
  const scanner = await playwright.request.newContext({ userAgent: '' });
  for (const link of [mail.link, mail.notMe]) {
    for (const method of ['GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'HEAD', 'HEAD', 'HEAD', 'HEAD', 'OPTIONS']) {
      const answer = await scanner.fetch(link, { method });
      expect(answer.status(), `${method} ${link}`).toBeLessThan(500);
    }
  }
  await scanner.dispose();
  expect((await demo.mailbox(person.private_mail)).length).toBe(before);
  await page.goto(`/status/${number}`);
  await expect(page.locator('.line li')).toHaveCount(1);
  await page.goto(mail.link);
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await expect(page.getByText('You have shown 1 of 2 proofs')).toBeVisible();
});

test('t_b16 the link does nothing in a browser that did not ask for it', async ({ page, demo, browser }) => {
  const person = demo.someone({ app: true });
  const number = await openCase(page, person.account);
  const mail = await askForMail(page, demo, person);
  const other = await browser.newContext({ baseURL: demo.url });
  const theirs = await other.newPage();
  await theirs.goto(mail.link);
  await heading(theirs, 'Open this link where you started');
  await expect(theirs.getByRole('button', { name: 'Yes, go on' })).toHaveCount(0);
  await expect(theirs.getByText(number)).toHaveCount(0);
  await theirs.goto(`/status/${number}`);
  await expect(theirs.getByRole('heading', { level: 1 })).toHaveText('There is no page here');
  await other.close();
  await page.goto(mail.link);
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await expect(page.getByText('You have shown 1 of 2 proofs')).toBeVisible();
});

test('c18 the code goes to the private address and not to the mailbox that this password opens (ux_15)', async ({ page, demo }) => {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  const mail = await askForMail(page, demo, person);
  expect(mail.code).toMatch(/^[0-9]{3} [0-9]{3}$/);
  const work = await demo.mail(`${person.account}@northwind.example`, /Reset requested/);
  for (const at of await demo.mailbox(`${person.account}@northwind.example`)) {
    const read = await demo.read(at.href);
    expect(read.code, at.subject).toBeUndefined();
    expect(read.link, at.subject).toBeUndefined();
  }
  expect(work.notMe).toBeTruthy();
});

test('ux_11 a mailed code and an app code open the gate, and page and message name the same end', async ({ page, demo }) => {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  const mail = await askForMail(page, demo, person);
  expect(mail.text).toMatch(/works? until [0-9]{1,2}:[0-9]{2}.* 10 minutes in all/);
  await expect(page.getByText(/Both work until [0-9]{1,2}:[0-9]{2} .*That is 10 minutes in all/)).toBeVisible();
  // The page says it is from our server and asks nobody to read it out.
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await heading(page, 'How else can you prove it is you?');
  await proveByApp(page, demo, person);
  await setPassword(page);
  await backIn(page);
  // The change has ended what the message held, and nobody says that nothing has changed.
  await page.goto(mail.link);
  await heading(page, 'This link does not work any more');
  await expect(page.getByText('has changed nothing')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Yes, go on' })).toHaveCount(0);
});

test('ux_16 a message can be asked for again three times in all, and the first code stays good', async ({ page, demo }) => {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  const first = await askForMail(page, demo, person);
  const again = page.getByRole('button', { name: 'Send it again' });
  // The button comes with time; a person without script has it at once, and this test does not wait.
  const ask = () => page.locator('form[action*="/email/again"]').evaluate(form => form.submit());
  await expect(again).toBeHidden();
  await ask();
  await expect(page.getByText('a new message is on its way')).toBeVisible();
  await ask();
  await expect(page.getByText('a new message is on its way')).toBeVisible();
  await ask();
  await expect(page.getByText('We can’t send it again for this case.')).toBeVisible();
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await heading(page, 'Sehen Sie in Ihre E-Mail');
  await page.getByRole('button', { name: 'English' }).click();
  await heading(page, 'Check your email');
  await page.locator('#code').fill(first.code);
  await proceed(page);
  await expect(page.getByText('You have shown 1 of 2 proofs')).toBeVisible();
});

test('ux_10 the back button works at every step and never sends anything again', async ({ page, demo }) => {
  const person = demo.someone({ app: true });
  const wrong = [];
  page.on('response', answer => {
    if (answer.request().isNavigationRequest() && answer.status() >= 400) wrong.push(`${answer.status()} ${answer.url()}`);
  });
  /** Back and forth again: both are pages of this case that a person can go on from. */
  const backAndForth = async title => {
    const here = page.url();
    await page.goBack();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.goForward();
    await expect.poll(() => page.url()).toBe(here);
    await heading(page, title);
    expect(wrong).toEqual([]);
  };
  await openCase(page, person.account);
  await backAndForth('How do you want to prove it is you?');
  const mail = await askForMail(page, demo, person);
  await backAndForth('Check your email');
  const sent = (await demo.mailbox(person.private_mail)).length;
  await page.reload();
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await heading(page, 'How else can you prove it is you?');
  await backAndForth('How else can you prove it is you?');
  await proveByApp(page, demo, person);
  await heading(page, 'Create a new password');
  await backAndForth('Create a new password');
  expect((await demo.mailbox(person.private_mail)).length).toBe(sent);
  await setPassword(page);
  await backIn(page);
  await page.goBack();
  // Where the new password was typed nothing can be typed any more.
  await heading(page, 'You are back in');
  await expect(page.locator('input[type=password]')).toHaveCount(0);
  await page.reload();
  await heading(page, 'You are back in');
  expect(wrong).toEqual([]);
});

test('t_a23 after the end no page that is gone back to has a form that still works', async ({ page, demo }) => {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  const mail = await askForMail(page, demo, person);
  await page.goto(mail.link);
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await proveByApp(page, demo, person);
  await setPassword(page);
  await backIn(page);
  let looked = 0;
  while (await page.goBack()) {
    await page.reload();
    if (!/\/recover\/KW-|\/l\?of=/.test(page.url())) break;
    await expect(page.locator('main form'), page.url()).toHaveCount(0);
    looked += 1;
  }
  expect(looked).toBeGreaterThan(3);
});
