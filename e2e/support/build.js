// Builds the program once, before any test, and says where it is. `KEYWARD_BIN` names one that is built already.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export default function build() {
  if (process.env.KEYWARD_BIN) {
    if (!existsSync(process.env.KEYWARD_BIN)) throw new Error(`KEYWARD_BIN is \`${process.env.KEYWARD_BIN}\`, and there is no such file`);
    return;
  }
  const args = ['build', '--locked', '--package', 'keyward', '--bin', 'keyward', '--message-format=json-render-diagnostics'];
  const done = spawnSync('cargo', args, {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (done.status !== 0) throw new Error(`cargo build ended with ${done.status ?? done.error}`);
  const made = done.stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line));
  const program = made.findLast(line => line.reason === 'compiler-artifact' && line.target.name === 'keyward' && line.executable);
  if (!program) throw new Error('cargo build made no program');
  process.env.KEYWARD_BIN = program.executable;
}
