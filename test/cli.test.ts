import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageFile from '../package.json' with { type: 'json' };
import { VARIABLES } from '../src/config.ts';
import { CLI, runAssay } from './commands/assay.ts';
import { startProcess } from './support/process.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-cli-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const commands = [
  'start',
  'api',
  'worker',
  'migrate',
  'migrate up',
  'migrate down',
  'migrate status',
  'token',
  'token user',
  'token service',
  'token list',
  'token revoke',
  'token rotate',
  'doctor',
];

describe('assay', () => {
  it.each(commands)('%s --help says how it is used, also in a wrong environment', async (command) => {
    const { code, stdout, stderr } = await runAssay([...command.split(' '), '--help'], { cwd, env: { PORT: 'abc' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: assay ${command} `);
  });

  it('--help lists every command and every variable', async () => {
    const { code, stdout } = await runAssay(['--help'], { cwd });
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command.split(' ')[0]}\\b`, 'm'));
    const families = /^ASSAY_(RUN_LIMIT|PRICE|SYNC_URL|SYNC_TOKEN|LIMIT)_(.+?)(_MS)?$/;
    for (const { name } of VARIABLES) expect(stdout).toContain(families.exec(name)?.[2] ?? name);
  });

  it('--version prints that of the package', async () => {
    expect(await runAssay(['--version'], { cwd })).toEqual({ code: 0, stdout: `${packageFile.version}\n`, stderr: '' });
  });

  it('refuses a command that does not exist, with the one that was meant', async () => {
    const { code, stderr } = await runAssay(['wroker'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain("unknown command 'wroker'");
    expect(stderr).toContain('Did you mean worker?');
  });

  it('without a command shows its help and fails', async () => {
    const { code, stderr } = await runAssay([], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('Usage: assay ');
  });

  it.each(['start', 'api', 'worker', 'migrate up', 'migrate status', 'token list', 'token revoke x'])(
    '%s refuses a wrong variable by name, in one line',
    async (command) => {
      const { code, stdout, stderr } = await runAssay(command.split(' '), { cwd, env: { ASSAY_LEASE_MSS: '1' } });
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr: 'ASSAY_LEASE_MSS is not a variable of Assay; did you mean ASSAY_LEASE_MS?\n',
      });
    },
  );

  it('says which Node it needs when it runs on an older one', async () => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
    await using run = startProcess(process.execPath, [
      `--import=data:text/javascript,${encodeURIComponent(older)}`,
      '--input-type=module',
      `--eval=await import('${pathToFileURL(CLI)}')`,
    ]);
    expect(await run.waitForEnd()).toMatchObject({ code: 1 });
    expect(run.output()).toMatch(/^Assay needs Node 24 or newer, but this is Node 20\.20\.2\. .*npm start.*\n$/);
  });
});
