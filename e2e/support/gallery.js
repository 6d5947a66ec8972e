// Every page that can be reached, each with the cookies that lead there (or how to get them again), and what to do once one is there.
import { test as plain, expect, watch } from './test.js';
import { NEW_PASSWORD } from './journey.js';
import { Visitor } from './visitor.js';

const WIDE = { width: 1280, height: 900 };

/** A button pressed with nothing typed: the page comes back with its problem. */
const nothing = async page => {
  await page.locator('main form button.btn:not([type=button])').first().click();
  await expect(page).toHaveTitle(/^(Error|Fehler|Érrór): /);
};
const typed = (field, text) => async page => {
  await page.locator(field).fill(text);
  await nothing(page);
};

const PUBLIC = [
  ['start', '/'],
  ['find', '/recover?for=forgot'],
  ['find-locked', '/recover?for=locked'],
  ['find-empty', '/recover?for=lost', nothing],
  ['help', '/help'],
  ['someone-else', '/recover?for=someone-else'],
  ['how-we-check', '/how-we-check'],
  ['accessibility', '/accessibility'],
  ['privacy', '/privacy'],
  ['status', '/status'],
  ['status-empty', '/status', nothing],
  ['status-shape', '/status', typed('#reference', 'KW-12')],
  ['no-page', '/nothing-here'],
  ['sign-in', '/sign-in'],
  ['sign-in-empty', '/sign-in', nothing],
  ['demo', '/demo'],
  ['demo-mail', '/demo/mail'],
  ['demo-app', '/demo/app'],
];

const PROVING = [
  ['how', 'how'],
  ['how-empty', 'how', nothing],
  ['passkey', 'passkey'],
  ['app', 'app'],
  ['app-empty', 'app', nothing],
  ['app-wrong', 'app', typed('#code', '000000'), 0],
  ['recovery-code', 'recovery-code'],
  ['recovery-code-shape', 'recovery-code', typed('#code', 'ABCDE')],
  ['email', 'email'],
  ['email-again-no-more', 'email?again=no'],
  ['email-short', 'email', typed('#code', '12')],
  ['device', 'device'],
  ['device-no', 'device', nothing, 0],
  ['desk', 'desk'],
  ['stop', 'stop'],
];

/** Opens a case with `how`, and lists its pages. */
async function caseOf(playwright, demo, person, pages, how = async () => {}, door = 'forgot') {
  const visitor = await Visitor.start(playwright, demo);
  await visitor.open(person, door);
  await how(visitor);
  const state = await visitor.cookies();
  const number = visitor.base.split('/').pop();
  await visitor.end();
  return pages.map(([name, path, then, turn]) => ({
    name, state, then, turn, url: path.startsWith('/') ? path.replace('CASE', number) : `${visitor.base}/${path}`,
  }));
}

async function links(playwright, demo) {
  const visitor = await Visitor.start(playwright, demo);
  const person = demo.someone({ app: true, codes: false });
  await visitor.open(person);
  const mail = await visitor.askForMail();
  const state = await visitor.cookies();
  await visitor.end();
  return [
    { name: 'link', state, url: mail.link },
    { name: 'link-dead', url: mail.link },
    { name: 'demo-message', url: mail.href },
    { name: 'not-me', url: mail.notMe },
  ];
}

async function contested(playwright, demo) {
  const visitor = await Visitor.start(playwright, demo);
  const person = demo.someone({ app: true, codes: true });
  await visitor.open(person);
  const mail = await visitor.askForMail();
  const state = await visitor.cookies();
  const owner = await Visitor.start(playwright, demo);
  const notMe = (await owner.request.get(mail.notMe)).url();
  await owner.post(notMe, {});
  const theirs = await owner.cookies();
  await Promise.all([visitor.end(), owner.end()]);
  return [
    { name: 'not-me-done', state: theirs, url: notMe },
    { name: 'stopped-contested', state, url: visitor.base },
    { name: 'link-stopped', state, url: mail.link },
  ];
}

async function contestedLate(playwright, demo) {
  const visitor = await Visitor.start(playwright, demo);
  const person = demo.someone({ app: true, codes: true });
  await visitor.open(person);
  await visitor.app();
  await visitor.recoveryCode();
  await visitor.password(NEW_PASSWORD);
  const mail = await demo.mail(person.private_mail, /password was changed/);
  const owner = await Visitor.start(playwright, demo);
  const notMe = (await owner.request.get(mail.notMe)).url();
  await owner.post(notMe, {});
  const state = await owner.cookies();
  await Promise.all([visitor.end(), owner.end()]);
  return [{ name: 'not-me-late', state, url: notMe }];
}

/** For how long what was shown at a sign-in is used again; the pages that change something want it fresh, and a slow machine looks at pages for long. */
const SIGNED_IN_MS = 2 * 60_000;

async function account(playwright, demo) {
  const person = demo.someone({ app: true, codes: true });
  let kept = { at: 0 };
  const state = async () => {
    if (Date.now() - kept.at > SIGNED_IN_MS) {
      const visitor = await Visitor.start(playwright, demo);
      await visitor.signIn(person);
      kept = { at: Date.now(), cookies: await visitor.cookies() };
      await visitor.end();
    }
    return kept.cookies;
  };
  const pages = ['/me', '/me/passkeys/add', '/me/app/add', '/me/recovery-codes', '/me/contacts/add', '/me/devices/add', '/me/password'];
  return pages.map(url => ({ name: url.slice(1).replaceAll('/', '-'), url, path: url, state }));
}

/** The page where a way back in of that kind is made, behind the proof that it takes. */
async function binding(playwright, demo, kind) {
  const visitor = await Visitor.start(playwright, demo);
  await visitor.signIn(demo.someone({ codes: true, language: null }));
  await visitor.begin(`/me/${kind}`);
  await visitor.recoveryCode();
  const state = await visitor.cookies();
  await visitor.end();
  return [{ name: `bind-${kind.replaceAll('/', '-')}`, url: visitor.base, state }];
}

async function build(playwright, demo) {
  const full = () => demo.someone({ app: true, codes: true });
  const tooMany = async visitor => {
    for (let i = 0; i < 5; i += 1) await visitor.request.post(`${visitor.base}/app`, { form: { code: '12345' + i } });
  };
  const parts = await Promise.all([
    account(playwright, demo),
    caseOf(playwright, demo, full(), [...PROVING, ['status-case', '/status/CASE']]),
    // A case takes five tries of a kind, and there are more looks than that: three cases take turns.
    ...[1, 2].map(turn => caseOf(playwright, demo, demo.someone({ app: true, codes: false }), [
      ['app-wrong', 'app', typed('#code', '000000'), turn], ['device-no', 'device', nothing, turn],
    ])),
    caseOf(playwright, demo, full(), [['how-again', 'how'], ['status-case-shown', '/status/CASE']], visitor => visitor.app()),
    caseOf(playwright, demo, full(), [
      ['new-password', 'new/password'],
      ['new-password-short', 'new/password', typed('#new-password', 'short')],
    ], async visitor => { await visitor.app(); await visitor.recoveryCode(); }),
    caseOf(playwright, demo, full(), [['unlock', 'new']], async visitor => { await visitor.app(); await visitor.recoveryCode(); }, 'locked'),
    caseOf(playwright, demo, full(), [['done', 'done'], ['status-case-done', '/status/CASE']], async visitor => {
      await visitor.app();
      await visitor.recoveryCode();
      await visitor.password(NEW_PASSWORD);
    }),
    caseOf(playwright, demo, full(), [['stopped', 'stopped'], ['status-case-stopped', '/status/CASE']], visitor => visitor.stop()),
    caseOf(playwright, demo, full(), [['app-too-many', 'app', async page => {
      await page.locator('#code').fill('123456');
      await page.locator('main form button.btn').click();
      await expect(page.locator('.halt')).toBeVisible();
    }]], tooMany),
    caseOf(playwright, demo, demo.someone({ class: 'finance', app: true }), [['elevated-how-again', 'how']], visitor => visitor.app()),
    caseOf(playwright, demo, full(), [['lost-how', 'how']], async () => {}, 'lost'),
    links(playwright, demo),
    contested(playwright, demo),
    contestedLate(playwright, demo),
    ...['passkeys/add', 'recovery-codes', 'contacts/add', 'devices/add', 'password'].map(kind => binding(playwright, demo, kind)),
  ]);
  return [...PUBLIC.map(([name, url, then]) => ({ name, url, then })), ...parts.flat()];
}

export { expect };

export const test = plain.extend({
  gallery: [async ({ demo, playwright }, use) => use(await build(playwright, demo)), { scope: 'worker', timeout: 120_000 }],

  /** Shows each page in turn to `look`, in a browser that has its cookies. */
  everyPage: async ({ gallery, browser, demo, strange }, use) => {
    await use(async (look, options = {}) => {
      gallery.looks = (gallery.looks ?? 0) + 1;
      const hasItsTurn = ({ turn }) => turn === undefined || turn === gallery.looks % 3;
      // Pages that need the same cookies share a browser context; the cookies of the others are not there to be mixed up.
      for (const state of new Set(gallery.map(one => one.state))) {
        const own = await browser.newContext({
          baseURL: demo.url, locale: 'en-GB', timezoneId: 'UTC', viewport: WIDE, reducedMotion: 'reduce', ...options,
          storageState: typeof state === 'function' ? await state() : state,
        });
        watch(own, demo.url, strange);
        const page = await own.newPage();
        for (const { name, url, path, then } of gallery.filter(one => one.state === state && hasItsTurn(one))) {
          await page.setViewportSize(options.viewport ?? WIDE);
          await page.goto(url);
          // Another page in its place would be looked at, and found good.
          if (path) expect(new URL(page.url()).pathname, name).toBe(path);
          if (then) await then(page);
          await look(page, name);
        }
        await own.close();
      }
    });
  },
});
