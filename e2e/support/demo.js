// A demonstration of its own: the real program on a free port, with its people, its mailbox and their authenticator apps.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { expect } from '@playwright/test';

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** The first JSON object that the program prints, once it is whole. */
function firstObject(program, errors) {
  return new Promise((resolve, reject) => {
    let text = '';
    program.once('exit', code => reject(new Error(`keyward demo ended with ${code}: ${errors().slice(-2000)}`)));
    program.once('error', reject);
    program.stdout.setEncoding('utf8').on('data', part => {
      text += part;
      // The object is printed over many lines and ends with a brace that stands alone.
      if (!/^}\s*$/m.test(text)) return;
      resolve(JSON.parse(text));
    });
  });
}

export class Demo {
  /** Starts one and waits until it answers. */
  static async start() {
    const port = await freePort();
    let errors = '';
    const program = spawn(process.env.KEYWARD_BIN, ['--output', 'json', 'demo', '--listen', `127.0.0.1:${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.once('exit', () => program.kill());
    program.stderr.setEncoding('utf8').on('data', part => { errors += part; });
    const said = await firstObject(program, () => errors);
    const demo = new Demo(program, said, () => errors);
    await expect.poll(() => fetch(demo.url).then(answer => answer.status, () => 0)).toBe(200);
    return demo;
  }

  constructor(program, said, errors) {
    this.program = program;
    this.said = said;
    this.url = said.url;
    this.errors = errors;
    this.taken = new Set();
  }

  /** Ends it as Ctrl+C would, and waits: the database it made has to be gone with it. */
  async stop() {
    const ended = new Promise(resolve => this.program.once('exit', resolve));
    if (this.program.exitCode !== null) return;
    this.program.kill('SIGINT');
    await ended;
  }

  /**
   * Somebody whom no other test of this worker works with.
   * @param {{class?: string, app?: boolean, codes?: boolean, mail?: boolean, language?: ?string}} wanted what they must have set up
   */
  someone({ class: kind = 'standard', app, codes, mail, language = 'en' } = {}) {
    const fits = account => account.class === kind && (language === null || account.language === language)
      && (app === undefined || account.has_app === app)
      && (codes === undefined || (account.recovery_codes.length > 0) === codes)
      && (mail === undefined || (account.private_mail !== null) === mail);
    const found = this.said.accounts.find(account => fits(account) && !this.taken.has(account.account));
    if (!found) throw new Error(`nobody is left who is ${JSON.stringify({ kind, app, codes, mail, language })}`);
    this.taken.add(found.account);
    return found;
  }

  async text(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return answer.text();
  }

  /** What somebody's app shows at this moment. */
  async appCode(account) {
    const page = await this.text('/demo/app');
    const found = new RegExp(`<code>${account.replaceAll('.', '\\.')}</code>.*?class="code-show">([0-9 ]+)<`, 's').exec(page);
    if (!found) throw new Error(`${account} has no app`);
    return found[1].replaceAll(' ', '');
  }

  /** The messages to an address, newest first. */
  async mailbox(to) {
    const page = await this.text('/demo/mail');
    const row = /<a href="(\/demo\/mail\/[0-9a-f]+)"><b>(.*?)<\/b><\/a><br><span[^>]*><bdi>(.*?)<\/bdi>/g;
    return [...page.matchAll(row)].map(([, href, subject, address]) => ({ href, subject, to: address })).filter(mail => mail.to === to);
  }

  /** The newest message to an address whose subject fits, with what is in it; waits until it is there. */
  async mail(to, subject) {
    return this.newest(to, mail => subject.test(mail.subject), `a message to ${to} with the subject ${subject}`);
  }

  /** The newest message to an address that has a link and a code. */
  async linkMail(to) {
    return this.newest(to, mail => mail.link && mail.code, `a message to ${to} with a link and a code`);
  }

  async newest(to, fits, message) {
    let found;
    await expect.poll(async () => {
      for (const mail of await this.mailbox(to)) {
        found = { ...mail, ...await this.read(mail.href) };
        if (fits(found)) return true;
      }
      return false;
    }, { message }).toBe(true);
    return found;
  }

  async read(href) {
    const page = await this.text(href);
    const text = /<div class="plain-text">(.*?)<\/div>/s.exec(page)[1].replace(/<[^>]+>/g, '').replaceAll('&#38;', '&');
    return {
      text,
      code: /: ([0-9]{3} [0-9]{3})$/m.exec(text)?.[1],
      link: /https?:\/\/\S+\/l\/\S+/.exec(text)?.[0],
      notMe: /https?:\/\/\S+\/not-me\/\S+/.exec(text)?.[0],
    };
  }
}
