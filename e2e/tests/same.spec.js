// Before a first proof nothing tells whose name was typed: every page has the same bytes for every name (UX-03, UX-04).
import { test, expect } from '../support/test.js';

test.use({ part: 'same' });

// What differs by chance or by the minute and says nothing: the reference, keys of dialogs, and times.
const BY_CHANCE = [
  [/KW-[0-9A-Z]{4}-[0-9A-Z]{4}/g, 'REFERENCE'],
  [/(challenge(?:&#34;|&quot;|"):(?:&#34;|&quot;|"))[A-Za-z0-9_-]+/g, '$1CHALLENGE'],
  [/asked=\d+/g, 'asked=MOMENT'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'MOMENT'],
  [/\b\d{1,2}:\d\d UTC( today)?/g, 'CLOCK'],
  [/\(?(now|(in )?\d+ (seconds?|minutes?)( ago)?)\)?/g, 'AGO'],
];
const plain = text => BY_CHANCE.reduce((out, [what, as]) => out.replace(what, as), text);
const headers = answer => {
  const { date, 'set-cookie': cookie, ...rest } = answer.headers();
  return { ...rest, 'content-length': undefined, cookie: cookie?.replace(/=[^;]+/, '=VALUE').replace(/kw-case-KW-[0-9A-Z-]+/, 'kw-case'), location: rest.location && plain(rest.location) };
};

/** Everything that anybody can see and do before a first proof, as `[what, status, headers, body]`. */
async function everything(playwright, demo, name) {
  const browser = await playwright.request.newContext({ baseURL: demo.url, extraHTTPHeaders: { 'accept-language': 'en', origin: demo.url } });
  const seen = [];
  const keep = async (what, answer) => {
    seen.push([what, answer.status(), headers(answer), plain(await answer.text())]);
    return answer;
  };
  const get = async path => keep(`GET ${plain(path)}`, await browser.get(path, { maxRedirects: 0 }));
  const post = async (path, form) => keep(`POST ${plain(path)} ${JSON.stringify(form)}`, await browser.post(path, { form, maxRedirects: 0 }));
  const opened = await browser.post('/recover', { form: { name, for: 'forgot' }, maxRedirects: 0 });
  seen.push(['POST /recover', opened.status(), headers(opened), plain(await opened.text())]);
  const base = opened.headers().location.replace(/\/how$/, '');
  const number = base.split('/').pop();
  for (const page of ['how', 'app', 'recovery-code', 'email', 'device', 'passkey', 'desk', 'stop', 'wait', 'new', 'new/password', 'done', '']) {
    await get(`${base}/${page}`);
  }
  await get(`/status/${number}`);
  for (const way of ['passkey', 'app', 'recovery-code', 'device', 'email', 'none', undefined]) await post(`${base}/how`, way ? { way } : {});
  for (const code of ['', '12', '000000', '000001', '000002', '000003', '000004', '000005']) await post(`${base}/app`, { code });
  for (const code of ['', 'ABCDE', '7Q4M8-2XJ0K-3PZZZ-ZZZZZ-ZZZZZ-0', '00000-00000-00000-00000-00000-0']) await post(`${base}/recovery-code`, { code });
  await post(`${base}/email/again`, {});
  await post(`${base}/email/again`, {});
  await post(`${base}/email/again`, {});
  await post(`${base}/email`, { code: '000000' });
  await post(`${base}/device`, {});
  await post(`${base}/passkey`, { credential: '{}' });
  await get(`/status/${number}`);
  await post(`${base}/stop`, {});
  await get(`${base}/stopped`);
  await get(`/status/${number}`);
  await browser.dispose();
  return seen;
}

const kinds = [
  ['a person with everything', demo => demo.someone({ app: true, codes: true }).account],
  ['a person with an app', demo => demo.someone({ app: true, codes: false }).account],
  ['a person who has set up nothing', demo => demo.someone({ app: false, codes: false, mail: false }).account],
  ['somebody of finance', demo => demo.someone({ class: 'finance' }).account],
  ['an executive', demo => demo.someone({ class: 'executive' }).account],
  ['an administrator', demo => demo.someone({ class: 'admin' }).account],
];

test.describe.configure({ mode: 'default' });
for (const [kind, who] of kinds) {
  test(`ux_03 every page has the same bytes for ${kind} and for a name that is none`, async ({ demo, playwright }) => {
    const known = await everything(playwright, demo, who(demo));
    const unknown = await everything(playwright, demo, 'nobody.at.all');
    expect(known.length).toBe(unknown.length);
    for (const [i, page] of known.entries()) expect(page, page[0]).toEqual(unknown[i]);
    for (const [what, status, , body] of known) {
      expect(status, what).toBeLessThan(500);
      // UX-04: no address, not even hidden in part, and no name of a person.
      expect(body, what).not.toMatch(/@private|@northwind|\*\*\*|•/);
    }
  });
}

test('ux_03 a name that was never heard of, and odd ones, get the same page', async ({ demo, playwright }) => {
  const first = await everything(playwright, demo, 'nobody.at.all');
  for (const name of ['NORTHWIND\\nobody', 'ÅÄÖ@example.org', 'x'.repeat(256), "'; DROP TABLE cases; --", '<b>bold</b>']) {
    const other = await everything(playwright, demo, name);
    for (const [i, page] of first.entries()) expect(other[i], `${name}: ${page[0]}`).toEqual(page);
  }
});
