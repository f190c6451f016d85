import { execFile } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');
const modules = path.join(root, 'node_modules');

/** What an image says of how it is run; its files are below `folder`, as below `/` in a container. */
export interface Image {
  readonly folder: string;
  readonly from: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Number of the user, or undefined for root. */
  readonly uid?: number;
  readonly port?: number;
  readonly stopSignal: NodeJS.Signals;
  readonly healthcheck: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

interface Step {
  name: string;
  text: string;
}

/** The instructions of a Containerfile; a line may go on after a backslash. */
export function readSteps(text: string): Step[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  return lines
    .filter((line) => line.trim() && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ')[0] ?? '', text: line.slice(line.indexOf(' ') + 1).trim() }));
}

/**
 * Does what a container engine does with a Containerfile, in a folder instead of in containers: the last stage is the image.
 * Node is this machine's, and of npm two commands are played, because they would fetch from a registry: `npm ci` gives the
 * packages of this tree, and `npm prune` leaves those that the lockfile says it would.
 * @throws for an instruction that it does not know, and where a step fails
 */
export async function buildImage(text: string, scratch: string): Promise<Image> {
  const stages = new Map<string, Image>();
  let image: Image | undefined;
  for (const { name, text: step } of readSteps(text)) {
    if (name === 'FROM') {
      const [from = '', stage = 'image'] = step.split(' AS ');
      const folder = path.join(scratch, stage);
      mkdirSync(folder, { recursive: true });
      image = { ...EMPTY, folder, from };
      stages.set(stage, image);
      continue;
    }
    if (!image) throw new Error(`${name} comes before FROM`);
    if (name === 'COPY') copy(image, step, (stage) => stages.get(stage)?.folder ?? '');
    else if (name === 'RUN') for (const command of step.split(' && ')) await execute(image, command);
    else image = { ...image, ...settingOf(name, step) };
    mkdirSync(inside(image, image.workdir), { recursive: true });
  }
  if (!image) throw new Error('There is no FROM');
  return image;
}

const EMPTY: Omit<Image, 'folder' | 'from'> = {
  workdir: '/',
  env: {},
  stopSignal: 'SIGTERM',
  healthcheck: [],
  entrypoint: [],
  command: [],
};

function settingOf(name: string, step: string): Partial<Image> {
  if (name === 'WORKDIR') return { workdir: step };
  if (name === 'ENV') return { env: Object.fromEntries(step.split(' ').map((pair) => pair.split('='))) };
  if (name === 'USER') return { uid: Number(step.split(':')[0]) };
  if (name === 'EXPOSE') return { port: Number(step) };
  if (name === 'STOPSIGNAL') return { stopSignal: step as NodeJS.Signals };
  if (name === 'HEALTHCHECK') return { healthcheck: JSON.parse(step.slice(step.indexOf('CMD ') + 4)) };
  if (name === 'ENTRYPOINT') return { entrypoint: JSON.parse(step) };
  if (name === 'CMD') return { command: JSON.parse(step) };
  if (name === 'VOLUME') return {};
  throw new Error(`${name} is not known here`);
}

/** A path of an image on this machine. */
export const inside = (image: Image, file: string): string =>
  path.join(image.folder, path.isAbsolute(file) ? file : path.join(image.workdir, file));

function copy(image: Image, step: string, folderOf: (stage: string) => string): void {
  const words = step.split(' ');
  const option = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const from = option('from') === undefined ? root : folderOf(option('from') ?? '');
  const files = words.filter((word) => !word.startsWith('--'));
  const to = files.pop() ?? '';
  for (const file of files) {
    const target = inside(image, to.endsWith('/') ? path.join(to, path.basename(file)) : to);
    // Packages are many files: they are not written anew.
    if (file.endsWith('/node_modules')) linkFolder(path.join(from, file), target);
    else cpSync(path.join(from, file), target, { recursive: true });
    const [uid, gid] = (option('chown') ?? '').split(':').map(Number);
    if (uid && gid && process.getuid?.() === 0) chownSync(target, uid, gid);
  }
}

async function execute(image: Image, command: string): Promise<void> {
  const cwd = inside(image, image.workdir);
  const [program, verb, ...options] = command.split(' ');
  if (program === 'npm' && verb === 'ci') return symlinkSync(modules, path.join(cwd, 'node_modules'), 'dir');
  if (program === 'npm' && verb === 'prune') return prune(path.join(cwd, 'node_modules'), options);
  await run('sh', ['-euc', command], { cwd });
}

/** Takes packages away as `npm prune` does: by what the lockfile says of each one. */
function prune(folder: string, options: string[]): void {
  const [dev, optional] = [options.includes('--omit=dev'), options.includes('--omit=optional')];
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as Lockfile;
  rmSync(folder);
  for (const [name, one] of Object.entries(packages)) {
    const goes = (dev && one.dev) || (optional && one.optional) || (dev && optional && one.devOptional);
    if (goes || !name || !existsSync(path.join(root, name))) continue;
    linkFolder(path.join(root, name), path.join(path.dirname(folder), name), ['node_modules']);
  }
}

interface Lockfile {
  packages: Record<string, { dev?: true; optional?: true; devOptional?: true }>;
}

/** Another name for each file below a folder: nothing is copied where both are on one disk. */
function linkFolder(from: string, to: string, without: string[] = []): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (without.includes(entry.name) || existsSync(target)) continue;
    if (entry.isDirectory()) linkFolder(source, target, without);
    else linkFile(source, target);
  }
}

function linkFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
