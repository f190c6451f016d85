import { createHash } from 'node:crypto';
import type { SharedView } from '../lifecycle/lifecycle.ts';

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { line-height: 1.2 }
h2 { margin-top: 2rem; border-bottom: 1px solid #8888; padding-bottom: .25rem }
h1 + p, dt, th { color: #777 }
dt { margin-top: .5rem }
dd { margin: 0 }
table { border-collapse: collapse }
th, td { text-align: left; padding: .15rem 1rem .15rem 0; font-weight: normal }
article { border-left: 3px solid #8888; padding-left: 1rem; margin: 1rem 0 }
@media print { body { margin: 0; max-width: none } h2 { break-after: avoid } article, li, tr { break-inside: avoid } }
`;

/** The style is ours to the letter; scripts, pictures, frames and all that lies elsewhere are out of reach. */
export const SHARE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The parts of a report in the order in which it is read: stored JSON keeps none. */
const REPORT_ORDER =
  `archetype shortSummary strengthSummary weaknessSummary strengths weaknesses coreMotivators insights
  learningStyle workEnvironment riskTolerance careerRecommendation skillSuggestion possiblePitfalls
  developmentActivities roleModel scores engine`.split(/\s+/);

/** The page of a shared result, or the one that says that there is none. It is read, printed and saved as it is. */
export function sharePage(shared: SharedView | null): string {
  if (!shared) return frame('Nothing here', '<p>This link opens nothing. It may have been closed by its owner.</p>');
  const { assessmentName, testResult, createdAt } = shared;
  const day = createdAt.toISOString().slice(0, 10);
  return frame(assessmentName, `<p><time datetime="${createdAt.toISOString()}">${day}</time></p>${parts(testResult)}`);
}

const frame = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`;

/** An answer, part by part. Whatever it holds is shown by its form, so that every kind of job has its page. */
function parts(answer: unknown): string {
  if (!isRecord(answer)) return show(answer);
  const names = [...new Set([...REPORT_ORDER, ...Object.keys(answer)])].filter((name) => Object.hasOwn(answer, name));
  return names.map((name) => `<h2>${nameOf(name)}</h2>\n${show(answer[name])}\n`).join('');
}

function show(value: unknown): string {
  if (Array.isArray(value)) return showList(value);
  if (!isRecord(value)) return `<p>${textOf(value)}</p>`;
  return `<dl>${Object.entries(value)
    .map(([name, inner]) => `<dt>${nameOf(name)}</dt><dd>${isPlain(inner) ? textOf(inner) : show(inner)}</dd>`)
    .join('')}</dl>`;
}

function showList(list: readonly unknown[]): string {
  if (list.length === 0) return '<p>None</p>';
  if (list.every(isPlain)) return `<ul>${list.map((item) => `<li>${textOf(item)}</li>`).join('')}</ul>`;
  const rows = list.filter(isRecord);
  if (rows.length < list.length || rows.some((row) => !Object.values(row).every((cell) => isShort(cell)))) {
    return list.map((item) => `<article>${show(item)}</article>`).join('');
  }
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.map((name) => `<th scope="col">${nameOf(name)}</th>`).join('');
  const body = rows.map((row) => `<tr>${names.map((name) => `<td>${textOf(row[name])}</td>`).join('')}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** Fit for a cell of a table. */
const isShort = (value: unknown): boolean => isPlain(value) && String(value).length <= 60;

/** Bands and levels are words of the API; a reader is told "very high". */
const LEVEL = /^(?:(?:VERY_|SUPER_|LESS_)?(?:HIGH|LOW|SUITABLE)|MODERATE|FAIR)$/;

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–';
  const text = String(value);
  return escaped(LEVEL.test(text) ? text.toLowerCase().replace('_', ' ') : text);
}

/** `roleModel` is told as "Role model". */
function nameOf(name: string): string {
  const words = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
  return escaped(words.charAt(0).toUpperCase() + words.slice(1));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '');
