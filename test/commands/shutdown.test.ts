import { describe, expect, it } from 'vitest';
import { type RunningProcess, startProcess } from '../support/process.ts';

const module = (name: string) => new URL(`../../src/${name}.ts`, import.meta.url).href;

/**
 * Runs a script in which `run` is runUntilStopped, `part(name, stop)` starts a part, and `say` writes a line, to where a
 * command says that it stops: the order of what comes out of two pipes is nobody's.
 */
function runScript(script: string): RunningProcess {
  const prelude = `
    import { createLog } from '${module('log')}';
    import { runUntilStopped } from '${module('commands/shutdown')}';
    const say = (line) => console.error(line);
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const part = (name, stop = async () => say('stopped ' + name)) => async () => (say('started ' + name), { stop });
    const run = async (begin) => {
      const code = await runUntilStopped(createLog(), begin);
      say('code ' + code);
      process.exit(code);
    };
    const alive = setInterval(() => {}, 1000);`;
  return startProcess(process.execPath, ['--input-type=module', `--eval=${prelude}\n${script}`]);
}

const twoParts = `await run(async (start) => {
  await start('a', part('a'));
  await start('b', part('b'));
  say('ready');
});`;

const lines = (run: RunningProcess) => run.output().trim().split('\n');

describe('a command that lasts', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('stops its parts in reverse order on %s', async (signal) => {
    await using run = runScript(twoParts);
    await run.waitForOutput(/ready/);
    run.kill(signal);
    expect(await run.waitForEnd()).toEqual({ code: 0, signal: null });
    expect(lines(run)).toEqual(['started a', 'started b', 'ready', 'Stopping …', 'stopped b', 'stopped a', 'code 0']);
  });

  it('takes a second signal within a second for an echo of the first', async () => {
    // Its own signal comes at once; another process may be held up on its way.
    await using run = runScript(`await run(async (start) => {
      await start('slow', part('slow', async () => {
        const echo = new Promise((resolve) => process.once('SIGINT', resolve));
        process.kill(process.pid, 'SIGINT');
        await echo;
        await wait(300);
        say('drained');
      }));
    });`);
    await run.waitForOutput(/started/);
    run.kill('SIGINT');
    expect(await run.waitForEnd()).toEqual({ code: 0, signal: null });
    expect(run.output()).toContain('drained');
  });

  it('ends at once on a second signal after more than a second', async () => {
    await using run = runScript(`await run(async (start) => {
      await start('stubborn', part('stubborn', async () => { await wait(1100); say('patience is over'); await wait(60000); }));
    });`);
    await run.waitForOutput(/started/);
    run.kill('SIGINT');
    await run.waitForOutput(/patience is over/);
    run.kill('SIGINT');
    expect(await run.waitForEnd()).toEqual({ code: 1, signal: null });
  });

  it('stopped while it starts, finishes the part at hand, starts no other and stops what runs', async () => {
    await using run = runScript(`const asked = new Promise((resolve) => process.once('SIGINT', resolve));
    await run(async (start) => {
      await start('a', part('a'));
      await start('slow', async () => { say('starting slow'); await asked; return part('slow')(); });
      await start('never', part('never'));
    });`);
    await run.waitForOutput(/starting slow/);
    run.kill('SIGINT');
    expect(await run.waitForEnd()).toEqual({ code: 0, signal: null });
    expect(lines(run).slice(2)).toEqual(['Stopping …', 'started slow', 'stopped slow', 'stopped a', 'code 0']);
  });

  it('stops what it had started when a later part fails, and passes the error on', async () => {
    await using run = runScript(`await run(async (start) => {
      await start('a', part('a'));
      await start('b', async () => { throw new Error('no b'); });
    }).catch((error) => { say('failed: ' + error.message); process.exit(1); });`);
    expect(await run.waitForEnd()).toEqual({ code: 1, signal: null });
    expect(lines(run)).toEqual(['started a', 'stopped a', 'failed: no b']);
  });

  it.each([
    ['an error that nobody catches', `setTimeout(() => { throw new Error('lost'); }, 50);`],
    ['a rejection that nobody handles', `void Promise.reject(new Error('lost'));`],
  ])('stops its parts on %s, logs it and fails', async (_, fault) => {
    await using run = runScript(`await run(async (start) => { await start('a', part('a')); ${fault} });`);
    expect(await run.waitForEnd()).toEqual({ code: 1, signal: null });
    expect(run.output()).toMatch(/"level":"fatal".*lost/);
    expect(run.output()).toContain('stopped a');
  });

  it('stops the others when one part fails to stop, and fails', async () => {
    await using run = runScript(`await run(async (start) => {
      await start('a', part('a'));
      await start('b', part('b', async () => { throw new Error('stuck'); }));
      say('ready');
    });`);
    await run.waitForOutput(/ready/);
    run.kill('SIGTERM');
    expect(await run.waitForEnd()).toEqual({ code: 1, signal: null });
    expect(run.output()).toMatch(/b did not stop cleanly/);
    expect(run.output()).toContain('stopped a');
  });
});
