import { VARIABLES } from '../config.ts';

const WIDTH = 28;

/** The variables for `--help`, those of one family (a price for each kind, a limit for each name) on one line. */
export function environmentHelp(): string {
  const single = VARIABLES.filter(({ name }) => !FAMILIES.some(({ member }) => member.test(name)));
  const lines = [
    ...single.map(({ name, default: value, description }) =>
      row(name, value === 'unset' ? description : `${description} [${value}]`),
    ),
    ...FAMILIES.map(({ name, member, description }) => row(name, `${description}: ${membersOf(member)}`)),
  ];
  return ['Environment [and what stands in for an unset variable]:', ...lines].join('\n');
}

const FAMILIES = [
  { name: 'ASSAY_RUN_LIMIT_<KIND>_MS', member: /^ASSAY_RUN_LIMIT_(.+)_MS$/, description: 'longest attempt' },
  { name: 'ASSAY_PRICE_<KIND>', member: /^ASSAY_PRICE_(.+)$/, description: 'tokens that a job costs' },
  { name: 'ASSAY_SYNC_URL_<SOURCE>', member: /^ASSAY_SYNC_URL_(.+)$/, description: 'upstream to copy' },
  { name: 'ASSAY_SYNC_TOKEN_<SOURCE>', member: /^ASSAY_SYNC_TOKEN_(.+)$/, description: 'its bearer token' },
  { name: 'ASSAY_LIMIT_<NAME>', member: /^ASSAY_LIMIT_(.+)$/, description: 'limits' },
];

function membersOf(member: RegExp): string {
  const members = VARIABLES.flatMap(({ name, default: value }) => {
    const [, part] = member.exec(name) ?? [];
    return part === undefined ? [] : [value === 'unset' ? part : `${part} [${value}]`];
  });
  return wrap(members.join(', '));
}

const row = (name: string, text: string) => `  ${name.padEnd(WIDTH)}${text}`;

/** Breaks a long list between words, the next lines under the first. */
function wrap(text: string): string {
  return text.replace(/(.{60,80}?,) /g, `$1\n${' '.repeat(WIDTH + 2)}`);
}
