import type { Demo } from './demo.ts';

const QUERY =
  'mutation($input: SubmitAssessmentInput!) { submitAssessment(input: $input) ' +
  '{ job { id status } tokenBalance userErrors { code message field } } }';

/** A person with a taste for research and some for the arts. */
const INPUT = {
  riasec: { realistic: 42, investigative: 88, artistic: 71, social: 55, enterprising: 38, conventional: 47 },
  ocean: { openness: 84, conscientiousness: 68, extraversion: 41, agreeableness: 63, neuroticism: 35 },
  viaIs: {
    creativity: 79,
    curiosity: 91,
    judgment: 82,
    loveOfLearning: 93,
    perspective: 70,
    bravery: 52,
    perseverance: 74,
    honesty: 77,
    zest: 48,
    love: 61,
    kindness: 66,
    socialIntelligence: 54,
    teamwork: 58,
    fairness: 72,
    leadership: 45,
    forgiveness: 57,
    humility: 64,
    prudence: 60,
    selfRegulation: 55,
    appreciationOfBeauty: 76,
    gratitude: 65,
    hope: 62,
    humor: 50,
    spirituality: 33,
  },
};

/** What `start` prints when it is ready. `url` has no slash at its end; `demo` is absent in production. */
export function banner(options: { version: string; url: string; graphiql: boolean; demo?: Demo }): string {
  const { version, url, graphiql, demo } = options;
  const rows = [
    ['URL', url],
    ...(demo ? [['Dashboard', dashboardUrl(url, demo)]] : []),
    ['GraphQL', `${url}/graphql`],
    ...(graphiql ? [['GraphiQL', `${url}/graphiql`]] : []),
    ...(demo ? [['User token', demo.userToken ?? 'comes from the identity provider of JWT_JWKS_URL']] : []),
    ...(demo ? [['Service token', demo.serviceToken]] : []),
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(15)}${value}`);
  const example = demo?.userToken === undefined ? [] : ['', 'Submit a job:', '', submitCommand(url, demo.userToken)];
  return ['', `Assay ${version} is running. Ctrl-C stops it.`, '', ...lines, ...example, ''].join('\n');
}

/**
 * Where one click signs in. The tokens stand behind the `#`: a browser sends that to no server, and the page takes it out of
 * its address.
 */
function dashboardUrl(url: string, { userToken, serviceToken }: Demo): string {
  const tokens = new URLSearchParams({ ...(userToken && { 'demo-user': userToken }), 'demo-service': serviceToken });
  return `${url}/#${tokens}`;
}

/** One shell command that submits an assessment. */
function submitCommand(url: string, token: string): string {
  const body = JSON.stringify({ query: QUERY, variables: { input: INPUT } });
  const parts = [
    `curl ${quote(`${url}/graphql`)}`,
    `-H ${quote(`authorization: Bearer ${token}`)}`,
    "-H 'content-type: application/json'",
    `--data ${quote(body)}`,
  ];
  return parts.join(' \\\n  ');
}

/** A word for a POSIX shell that means exactly this text. */
function quote(text: string): string {
  return /^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
